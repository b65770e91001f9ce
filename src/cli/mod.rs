//! The command line: what people type, and what they get on standard output.
//!
//! Parsing and dispatch are here; a subcommand is one file or folder. Nothing is set up before a command
//! runs: no logger, no threads, no graphics.

mod asking;
mod cost;
mod data;
mod document;
mod doubts;
mod draw;
mod error;
mod explain;
mod format;
mod images;
mod inspect;
mod lab;
mod ledger;
mod list;
mod mismatch;
mod number;
mod opening;
mod output;
mod page;
mod paper;
mod picture;
mod plan;
mod profile;
mod progress;
mod rank;
mod running;
mod source;
mod spec;
mod subject;
mod table;
mod tensors;
mod train;
mod trust;
mod weights;
mod whatif;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

pub use error::CliError;
pub use opening::Opening;

const EXAMPLES: &str = "\
Examples:
  gatescope                                   open the window
  gatescope resnet50+cbam photo.jpg           open the window with a network, with files
  gatescope cost resnet50 resnet50+cbam       what attention costs
  gatescope inspect resnet50+cbam --weights cbam.safetensors --image photo.jpg
  gatescope explain bundled:cbam --image photo.jpg --out report
                                              where the evidence for its class lies
  gatescope whatif bundled:cbam --image photo.jpg --gate all=mean
                                              what its gates did to the decision
  gatescope draw resnet50+cbam --open layer3.2 --out figure.pdf
                                              a figure for a paper
  gatescope weights cbam.pth                  which network a checkpoint is of
  gatescope profile resnet50+cbam             what attention costs in milliseconds
  gatescope train resnet20+cbam --out cbam.safetensors
                                              teach a network ten shapes
  gatescope lab sheet                         what the generated pictures look like
  gatescope list                              networks, options, attention blocks
  gatescope paper senet-14                    a paper's table, printed and computed

A network is written NAME[(options)][+ATTENTION[(options)][@PLACES]]:
  resnet50+se(r=8)@layer3,layer4.0";

/// Build, cost and inspect convolutional networks with attention: SE, CAM, SAM, CBAM.
#[derive(Debug, Parser)]
#[command(name = "gatescope", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
#[command(max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Networks, weights, specs, projects and pictures to open in the window, in any mixture
    #[arg(value_name = "FILE")]
    files: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Count parameters, MACs and memory; several networks are compared
    Cost(cost::Args),
    /// Run a network on pictures and show what every attention gate did
    Inspect(Box<inspect::Args>),
    /// Say where in a picture the evidence for a class lies
    Explain(Box<explain::Args>),
    /// Replace gates and see what the network says then
    Whatif(Box<whatif::Args>),
    /// Rank gates, or the channels of one, by what taking away their choice does
    Rank(Box<rank::Args>),
    /// Say whether a map of evidence can be believed
    Trust(Box<trust::Args>),
    /// Draw a network, or one of its blocks, as SVG, PDF or PNG
    Draw(Box<draw::Args>),
    /// Say which network a checkpoint is of, and how its tensors meet it
    Weights(weights::Args),
    /// List the networks, their options and the attention blocks
    List(list::Args),
    /// The papers' tables: what was printed beside what the networks cost
    Paper(paper::Args),
    /// Show the steps a network is computed in, and the kernel of each
    Plan(plan::Args),
    /// Train a network on generated images or a folder of pictures
    Train(Box<train::Args>),
    /// Measure how long a network takes, step by step, and attention's share
    Profile(profile::Args),
    /// The lab without a window: data sets and experiments
    Lab(lab::Args),
}

/// What is left to do once the command line has been dealt with.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing: the process ends with this status.
    Done(ExitCode),
    /// No command was given: the window is wanted, with these in it.
    Window(Vec<Opening>),
}

/// Runs what the arguments ask for; the first one is the program's own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Outcome {
    let done = |result: Result<(), CliError>| {
        Outcome::Done(result.map_or_else(|error| error.report(), |()| ExitCode::SUCCESS))
    };
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return done(usage(&error, arguments.get(1))),
    };
    match cli.command {
        Some(Command::Cost(args)) => done(cost::run(&args)),
        Some(Command::Inspect(args)) => done(inspect::run(&args)),
        Some(Command::Explain(args)) => done(explain::run(&args)),
        Some(Command::Whatif(args)) => done(whatif::run(&args)),
        Some(Command::Rank(args)) => done(rank::run(&args)),
        Some(Command::Trust(args)) => done(trust::run(&args)),
        Some(Command::Draw(args)) => done(draw::run(&args)),
        Some(Command::Weights(args)) => done(weights::run(&args)),
        Some(Command::List(args)) => done(list::run(&args)),
        Some(Command::Paper(args)) => done(paper::run(&args)),
        Some(Command::Plan(args)) => done(plan::run(&args)),
        Some(Command::Train(args)) => done(train::run(&args)),
        Some(Command::Profile(args)) => done(profile::run(&args)),
        Some(Command::Lab(args)) => done(lab::run(&args)),
        None => match opening::all(&cli.files) {
            Ok(openings) => Outcome::Window(openings),
            Err(error) => done(Err(error)),
        },
    }
}

/// The names of all commands.
fn commands() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// Help and version are results; everything else clap says is a refusal, put on one line.
fn usage(error: &clap::Error, first: Option<&OsString>) -> Result<(), CliError> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match error.print().and_then(|()| io::stdout().flush()) {
            Ok(()) => Ok(()),
            Err(error) => Err(output::stdout_error(&error)),
        };
    }
    let text = error.render().to_string();
    let mut message = String::new();
    for (index, paragraph) in text.split("\n\n").enumerate() {
        let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if index == 0 {
            message.push_str(line.trim_start_matches("error: "));
        } else if let Some(tip) = line.strip_prefix("tip: ") {
            message.push_str(&format!("; {tip}"));
        }
    }
    let word = first.and_then(|word| word.to_str());
    let help = match word.filter(|word| Cli::command().find_subcommand(word).is_some()) {
        Some(command) => format!("gatescope {command} --help"),
        None => "gatescope --help".to_owned(),
    };
    Err(CliError::Input(format!("{message}; `{help}` explains")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definitions_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
