//! `dqmon tasks`: the tree of monitor tasks, in a workspace with their states and last values.

use std::fmt::Write as _;

use jiff::Timestamp;
use monitasks::registry::TaskRegistry;
use monitasks::task::{ItemInfo, MonTask, TaskInfo};
use serde_json::{Map, Value, json};

use super::{Ended, Failure, Outcome, new_task};
use crate::live::{EventLook, Live};
use crate::snapshot::{ItemNode, TaskNode};

/// Arguments of `dqmon tasks`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<TasksCommand>,
    /// Print JSON: `{"tasks": [{"name", "title", "about", "folder", "suffix", "poll_s", "items": [{"name", "title", "about"}]}]}`;
    /// in a workspace a task has also "state", "results", "unread" and "fault", an item "state", "value", "reason" and "reading".
    #[arg(long)]
    json: bool,
}

/// What else is done with tasks.
#[derive(Debug, clap::Subcommand)]
enum TasksCommand {
    /// Write a working skeleton of a new task.
    New(new_task::Args),
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if let Some(TasksCommand::New(args)) = &args.command {
        return new_task::run(global, args);
    }
    let (registry, nodes) = match global.optional_workspace()? {
        None => (std::sync::Arc::new(TaskRegistry::built_in()), Vec::new()),
        Some(workspace) => {
            let now = Timestamp::now();
            let mut live = Live::read_workspace(&workspace, &EventLook::default(), now)?;
            let snapshot = live.snapshot(now);
            // What is wrong with task files and results is said, and the rest is shown.
            for banner in &snapshot.banners {
                eprintln!("dqmon: {}", banner.text);
            }
            (live.registry(), snapshot.tasks)
        }
    };
    let infos: Vec<&TaskInfo> = registry.iter().map(MonTask::info).collect();
    let text = if args.json { serde_json::to_string_pretty(&to_json(&infos, &nodes))? + "\n" } else { tree(&infos, &nodes) };
    print!("{text}");
    if nodes.iter().any(|node| node.fault.is_some()) {
        return Err(Failure("a task has failed; its message stands beside it".into()));
    }
    Ok(if nodes.iter().any(|node| !node.unread.is_empty()) { Ended::WithFinding } else { Ended::Done })
}

fn node_of<'a>(nodes: &'a [TaskNode], info: &TaskInfo) -> Option<&'a TaskNode> {
    nodes.iter().find(|node| node.name == info.name)
}

fn leaf_of<'a>(node: Option<&'a TaskNode>, item: &ItemInfo) -> Option<&'a ItemNode> {
    node?.items.iter().find(|leaf| leaf.name == item.name)
}

fn to_json(infos: &[&TaskInfo], nodes: &[TaskNode]) -> Value {
    let task = |info: &&TaskInfo| {
        let node = node_of(nodes, info);
        let mut task = Map::new();
        task.insert("name".into(), json!(info.name));
        task.insert("title".into(), json!(info.title));
        task.insert("about".into(), json!(info.about));
        task.insert("folder".into(), json!(info.folder));
        task.insert("suffix".into(), json!(info.suffix));
        task.insert("poll_s".into(), json!(info.poll_s));
        if let Some(node) = node {
            task.insert("state".into(), json!(node.state));
            task.insert("results".into(), json!(node.results));
            task.insert("unread".into(), json!(node.unread));
            task.insert("fault".into(), json!(node.fault));
        }
        let items: Vec<Value> = info.items.iter().map(|item| item_json(item, leaf_of(node, item))).collect();
        task.insert("items".into(), json!(items));
        Value::Object(task)
    };
    json!({ "tasks": infos.iter().map(task).collect::<Vec<_>>() })
}

fn item_json(item: &ItemInfo, leaf: Option<&ItemNode>) -> Value {
    let mut json = json!({ "name": item.name, "title": item.title, "about": item.about });
    if let Some(ItemNode { glance, .. }) = leaf {
        json["state"] = json!(glance.state);
        json["value"] = json!(glance.text);
        json["reason"] = json!(glance.reason);
        json["reading"] = json!(glance.reading);
    }
    json
}

/// A line per task and per item: the name, then what it is; in a workspace its state and last value come between.
fn tree(infos: &[&TaskInfo], nodes: &[TaskNode]) -> String {
    let names = infos.iter().flat_map(|info| info.items.iter().map(|item| item.name.len() + 2).chain([info.name.len()]));
    let width = names.max().unwrap_or(0) + 2;
    let mut text = String::new();
    for info in infos {
        let node = node_of(nodes, info);
        let state = node.map(|node| format!("{:14}", node.state.words())).unwrap_or_default();
        let _ = writeln!(text, "{:width$}{state}{}: {}", info.name, info.title, info.about);
        for (file, reason) in node.iter().flat_map(|node| &node.unread) {
            let _ = writeln!(text, "  not read: {file}: {reason}");
        }
        for item in &info.items {
            let rest = width - 2;
            let _ = match leaf_of(node, item) {
                Some(leaf) => {
                    let (state, value) = (leaf.glance.state.words(), &leaf.glance.text);
                    writeln!(text, "  {:rest$}{state:14}{value}", item.name)
                }
                None => writeln!(text, "  {:rest$}{}: {}", item.name, item.title, item.about),
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_names_every_task_and_item_once() {
        let registry = TaskRegistry::built_in();
        let infos: Vec<&TaskInfo> = registry.iter().map(MonTask::info).collect();
        let lines: Vec<String> =
            tree(&infos, &[]).lines().map(|line| line.split_whitespace().next().unwrap_or_default().to_owned()).collect();
        let expected: Vec<String> = infos
            .iter()
            .flat_map(|info| [info.name.clone()].into_iter().chain(info.items.iter().map(|item| item.name.clone())))
            .collect();
        assert_eq!(lines, expected);
        assert_eq!(to_json(&infos, &[])["tasks"][0]["items"][0]["name"], "lifetime_trend");
    }
}
