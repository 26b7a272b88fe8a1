//! The learned reader: shapes of plans predicted from the question's phrases, filled with columns by boosted trees, and the
//! features by which every reading is ranked. `server/crates/train/README.md` tells how the weights are made.

pub(crate) mod evidence;
pub(crate) mod fill;
pub(crate) mod judge;
pub(crate) mod parts;
pub(crate) mod phrases;
pub(crate) mod roles;
pub(crate) mod sketch;
pub(crate) mod slots;
pub(crate) mod structure;
pub(crate) mod trees;
pub(crate) mod values;

#[cfg(test)]
mod tests;
