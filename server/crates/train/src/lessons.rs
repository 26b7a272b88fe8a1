//! Shapes and rows of columns.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::PathBuf,
};

use anyhow::Result;
use nlq_engine::training::{Lesson, SLOT_WIDTH, lesson};
use rayon::prelude::*;

use crate::questions::{indexes, read, today};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Questions, a JSON object a line: id, question, gold, db_id, db_file
    #[arg(required = true)]
    questions: Vec<PathBuf>,
    /// Folder that db_file is relative to
    #[arg(long)]
    databases: PathBuf,
    /// Where to write lessons.jsonl, slots.f32 (rows) and slots.u32 (question, slot and whether it is right, a row)
    #[arg(long)]
    out: PathBuf,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let asked = read(&args.questions)?;
    let indexes = indexes(&asked, &args.databases).await?;
    let lessons: Vec<Lesson> = asked
        .par_iter()
        .map(|asked| {
            let index = &indexes[&asked.db_file];
            let gold = nlq_query::lift::lift(&asked.gold, index.catalog()).ok();
            lesson(&asked.question, index, gold.as_ref(), today())
        })
        .collect();
    fs::create_dir_all(&args.out)?;
    let file = |name: &str| File::create(args.out.join(name)).map(BufWriter::new);
    let (mut heads, mut rows, mut marks) = (file("lessons.jsonl")?, file("slots.f32")?, file("slots.u32")?);
    for (at, (asked, lesson)) in asked.iter().zip(&lessons).enumerate() {
        let head = serde_json::json!({
            "id": asked.id, "db_id": asked.db_id, "phrases": lesson.phrases, "sketch": lesson.sketch,
            "elements": lesson.elements,
        });
        writeln!(heads, "{head}")?;
        for (slot, columns) in lesson.slots.iter().enumerate() {
            for (row, right) in columns {
                row.iter().try_for_each(|x| rows.write_all(&x.to_le_bytes()))?;
                for mark in [at as u32, slot as u32, u32::from(*right)] {
                    marks.write_all(&mark.to_le_bytes())?;
                }
            }
        }
    }
    let fitted = lessons.iter().filter(|lesson| lesson.sketch.is_some()).count();
    println!("{} questions, {fitted} with a shape; {SLOT_WIDTH} numbers a row", lessons.len());
    Ok(())
}
