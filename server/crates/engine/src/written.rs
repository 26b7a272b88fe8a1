//! Readings as text of the connection's language. They are weighed as SQL, which all plans can be written in; a language
//! that has no way to say the best one is a knowledge boundary, never a reason to answer something else.

use nlq_catalog::QueryLanguage;
use nlq_query::{Unwritable, write};

use crate::{SchemaIndex, readings::Understood};

/// Readings written: more are never shown.
const WRITTEN: usize = 24;

/// Puts every reading in the connection's language. Others than the best that it cannot say are dropped.
pub(crate) fn write_all(understood: &mut Understood, index: &SchemaIndex) {
    if index.catalog().dialect.language() == QueryLanguage::Sql {
        return;
    }
    for (place, mut reading) in std::mem::take(&mut understood.readings).into_iter().take(WRITTEN).enumerate() {
        match write(&reading.bound.plan, index.catalog(), index.graph()) {
            Ok(text) => {
                reading.rendered.sql = text;
                understood.readings.push(reading);
            }
            Err(Unwritable::Beyond(why)) if place == 0 => {
                understood.beyond = Some(why);
                understood.readings.clear();
                return;
            }
            Err(_) => {}
        }
    }
}
