//! `dqmon product`: what was selected or merged from processings, and the status it has from them.

use jiff::Timestamp;
use serde_json::json;

use super::said::{self, By};
use super::words::{one_line, stamp};
use super::{Ended, Failure, Global, Outcome};
use crate::decisions::status::{Derivation, ProductKind};
use crate::decisions::{Product, Quality, Speaker, products, record_derivation};

/// What may be done.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Record what a product was made from. Recorded again, it takes the place of what was said before.
    New(NewArgs),
    /// The products with the status of each.
    List(ListArgs),
}

/// Arguments of `dqmon product new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// Its name: a path or whatever people call it.
    name: String,
    /// How it was made: selected or merged.
    #[arg(long, value_parser = ["selected", "merged"])]
    kind: String,
    /// What it was made from: a processing (run840-p1) or another product. May be given several times.
    #[arg(long, value_name = "PRODUCT", required = true)]
    from: Vec<String>,
    #[command(flatten)]
    by: By,
}

/// Arguments of `dqmon product list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    match args {
        Args::New(args) => new(global, args),
        Args::List(args) => list(global, args),
    }
}

fn new(global: &Global, args: &NewArgs) -> Outcome {
    let by = args.by.signature()?;
    let at = Timestamp::now();
    let kind = if args.kind == "merged" { ProductKind::Merged } else { ProductKind::Selected };
    let derivation = Derivation { product: args.name.clone(), kind, of: None, parents: args.from.clone() };
    let (workspace, mut store) = said::to_write(global)?;
    record_derivation(store.as_mut(), &derivation, Speaker { who: &by.who, role: &by.role, at })?;
    let all = products(store.as_ref(), Quality::of(&workspace.settings), at)?;
    let made = named(&all, &args.name)?;
    println!("{}: {}", made.product, made.why().join("\n"));
    let unknown: Vec<&str> = made.unknown_parents().collect();
    if unknown.is_empty() {
        return Ok(Ended::Done);
    }
    eprintln!("dqmon: not known: {}; {} is unchecked until they are", unknown.join(", "), made.product);
    Ok(Ended::WithFinding)
}

fn list(global: &Global, args: &ListArgs) -> Outcome {
    let (workspace, store) = said::to_read(global)?;
    let all = products(store.as_ref(), Quality::of(&workspace.settings), Timestamp::now())?;
    if args.json {
        println!("{:#}", json!({"schema": 1, "products": all}));
        return Ok(Ended::Done);
    }
    if all.is_empty() {
        println!("no products yet; 'dqmon product new NAME --kind merged --from run1-p1 --from run2-p1 --who NAME' records one");
    }
    for one in &all {
        let from: Vec<&str> = one.parents.iter().map(|(name, _)| name.as_str()).collect();
        println!("{}  {} ({}), {} from {}", one_line(&one.product), one.status, one.word, one.kind.word(), from.join(", "));
        println!("        by {} at {}", one_line(&one.who), stamp(one.at));
    }
    Ok(Ended::Done)
}

/// The product of a name.
///
/// # Errors
/// When nobody recorded it, with those that there are.
pub fn named<'a>(all: &'a [Product], name: &str) -> Result<&'a Product, Failure> {
    all.iter().find(|product| product.product == name).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|product| product.product.as_str()).collect();
        let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
        Failure(format!("no run, processing or product is called so; products there are: {known}: {name}"))
    })
}
