//! What `explain`, `whatif`, `rank` and `trust` have in common: a network that is asked about pictures.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::error::CliError;
use super::images::{self, Images, Skipped};
use super::output::{self, Staging};
use super::page::{Figure, Page};
use super::picture::{displayed_crop, png};
use super::progress::Progress;
use super::subject::{self, Setting};
use super::{doubts, source};
use crate::compute::engine::{Control, EngineError, default_threads};
use crate::compute::explain::{Broken, Evidence, Outcome, Subject, Target};
use crate::compute::imaging::overlay;
use crate::compute::imaging::shade::Shades;
use crate::compute::imaging::{Picture, Prepared};
use crate::compute::labels::{self, Labels};
use crate::network::suggest;

/// How many classes are reported.
const GUESSES: usize = 5;
/// The page's name in its folder.
const INDEX: &str = "index.html";
/// What is said of everything that is asked of untrained weights.
const NOTHING: &str = "Weights are random: these numbers say nothing.";

/// Arguments that all of them have.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) subject: subject::Args,
    #[command(flatten)]
    pictures: images::Args,
    /// Write a page, index.html, with its pictures there. Files that gatescope did not write are never replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

/// For people, for programs, for spreadsheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
    Csv,
}

/// A network that is asked, and the pictures it is asked about.
pub(super) struct Asking {
    pub(super) setting: Setting,
    pub(super) subject: Subject,
    pub(super) images: Images,
    names: Vec<String>,
    is_strict: bool,
    staging: Option<(PathBuf, Staging)>,
}

/// One picture, as it is and as the network takes it.
pub(super) struct Photo<'a> {
    pub(super) path: &'a Path,
    /// A name that is unique among the pictures and can be a file's.
    pub(super) name: String,
    pub(super) picture: Picture,
    pub(super) prepared: Prepared,
}

/// A class in JSON.
#[derive(Serialize)]
pub(super) struct GuessEntry {
    class: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    logit: f32,
    probability: f32,
}

/// A picture that was left out, in JSON.
#[derive(Serialize)]
pub(super) struct LeftOut {
    image: String,
    left_out: String,
}

impl Asking {
    /// Opens the network and lists the pictures.
    ///
    /// # Errors
    /// What was given and cannot be used.
    pub(super) fn of(args: &Args) -> Result<Self, CliError> {
        let images = Images::given(&args.pictures.images)?;
        let staging = args.out.as_deref().map(|path| Staging::open(path).map(|staging| (path.to_owned(), staging)));
        let staging = staging.transpose()?;
        if let Some((_, staging)) = &staging {
            staging.claim(Path::new(INDEX))?;
        }
        let setting = Setting::of(&args.subject)?;
        if setting.classes == 0 {
            let name = &setting.graph.name;
            return Err(CliError::Input(format!(
                "{name}: it ends with features, there is no class to ask about; give a network with a classifier"
            )));
        }
        args.subject.say_where();
        let subject = Subject::new(setting.graph.clone(), setting.weights.clone(), default_threads());
        let names = images::short_names(&images.paths);
        Ok(Self { setting, subject, images, names, is_strict: args.pictures.strict, staging })
    }

    /// Reads the classes that were named.
    ///
    /// # Errors
    /// One that the network does not have, with what there is near.
    pub(super) fn targets(&self, texts: &[String]) -> Result<Vec<Target>, CliError> {
        let Setting { classes, labels, .. } = &self.setting;
        let read = |text: &String| Target::parse(text, *classes, labels.as_ref());
        texts
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|problem| CliError::Input(format!("--class {problem}")))
    }

    /// What the classes are called, where that is known.
    pub(super) fn labels(&self) -> Option<Labels> {
        self.setting.labels.clone().or_else(|| Labels::for_classes(self.setting.classes))
    }

    /// Asks about every picture in turn. One that cannot be read, or that the network cannot make numbers of, is left
    /// out where there are several.
    ///
    /// # Errors
    /// As `ask`'s; a picture that stands alone and cannot be read.
    pub(super) fn each<T>(
        &mut self,
        ask: &mut dyn FnMut(&mut Self, &Photo<'_>, &Control<'_>) -> Result<T, CliError>,
    ) -> Result<(Vec<T>, Vec<Skipped>), CliError> {
        doubts::say_all(&self.setting.doubts);
        if !self.setting.weights.is_trained() {
            source::say("weights are random, these numbers say nothing; give trained ones with --weights");
        }
        let (mut found, mut skipped) = (Vec::new(), Vec::new());
        let paths: Vec<(PathBuf, String)> = self.images.paths.iter().cloned().zip(self.names.iter().cloned()).collect();
        for (path, name) in paths {
            let answer = self.setting.prepared(&path).and_then(|(picture, prepared)| {
                let progress = Progress::new(&picture.name);
                let control = Control { progress: &|share| progress.show(share), cancelled: &|| false };
                let photo = Photo { path: &path, name, picture, prepared };
                let answer = ask(self, &photo, &control);
                progress.clear();
                answer
            });
            match answer {
                Ok(answer) => found.push(answer),
                Err(problem) => skipped.push(self.images.skip(&path, problem, self.is_strict)?),
            }
        }
        match (found.is_empty(), skipped.first()) {
            (true, Some(first)) => {
                Err(CliError::Input(format!("no picture can be asked about; the first says: {}", first.reason)))
            }
            _ => Ok((found, skipped)),
        }
    }

    /// Refuses outputs that are no numbers, and says where they come from.
    ///
    /// # Errors
    /// [`CliError::Input`] then.
    pub(super) fn check(&self, photo: &Photo<'_>, logits: &[f32]) -> Result<(), CliError> {
        let Setting { graph, weights, .. } = &self.setting;
        match Broken::find(graph, weights, &photo.prepared.tensor, logits) {
            Some(broken) => Err(CliError::Input(format!("{}: {}", photo.path.display(), broken.sentence()))),
            None => Ok(()),
        }
    }

    /// The most likely classes.
    pub(super) fn top(&self, logits: &[f32]) -> Vec<GuessEntry> {
        let guess = |guess: labels::Guess| GuessEntry {
            class: guess.class,
            label: guess.label.map(|label| label.to_string()),
            logit: guess.logit,
            probability: guess.probability,
        };
        labels::top(logits, self.setting.labels.as_ref(), GUESSES).into_iter().map(guess).collect()
    }

    /// `tabby (281): logit 9.12, p 0.873`.
    pub(super) fn said_of(&self, target: Target, logits: &[f32]) -> String {
        let outcome = Outcome::of(logits);
        let named = target.named(self.labels().as_ref());
        let value = target.value(logits);
        match target {
            Target::Class(class) => {
                format!("{named} (class {class}): logit {value:.3}, p {:.3}", outcome.probabilities[class])
            }
            Target::Difference(..) => format!("{named} (classes {target}): logits apart {value:+.3}"),
        }
    }

    /// What every page begins with.
    pub(super) fn intro(&self, page: &mut Page) {
        let setting = &self.setting;
        page.line(match setting.weights.is_trained() {
            true => format!("Weights: {}", setting.source()),
            false => format!("Weights: UNTRAINED, {}. {NOTHING}", setting.source()),
        });
        setting.weights.report().verdict.iter().for_each(|sentence| page.line(format!("  {sentence}")));
        doubts::add(page, &setting.doubts);
    }

    /// Keeps a picture for the page, if one is written.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn keep(
        &mut self,
        name: &str,
        caption: Vec<String>,
        draw: &dyn Fn() -> image::RgbImage,
    ) -> Result<Option<Figure>, CliError> {
        let Some((_, staging)) = &mut self.staging else { return Ok(None) };
        let file = format!("{}.png", images::harmless(name));
        let bytes = png(&draw()).map_err(|error| CliError::Failure(format!("{file}: cannot be encoded, {error}")))?;
        staging.write(Path::new(&file), &bytes)?;
        Ok(Some(Figure { file, caption }))
    }

    /// Is a page written?
    pub(super) fn has_page(&self) -> bool {
        self.staging.is_some()
    }

    /// Writes the page, prints it or what else was asked for.
    ///
    /// # Errors
    /// Something that cannot be written.
    pub(super) fn finish(
        mut self,
        (title, mut page): (&str, Page),
        skipped: &[Skipped],
        format: Format,
        value: &impl Serialize,
    ) -> Result<(), CliError> {
        for skipped in skipped {
            page.line(format!("Left out: {}", skipped.reason));
        }
        if let Some((path, mut staging)) = self.staging.take() {
            staging.write(Path::new(INDEX), page.html(title).as_bytes())?;
            staging.commit()?;
            page.line(format!("Wrote {}", path.join(INDEX).display()));
        }
        match format {
            Format::Table => output::print(&page.text()),
            Format::Csv => output::print(&page.csv()),
            Format::Json => output::print_json(value),
        }
    }
}

/// What is printed as JSON: an object for one picture, a list for several.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Reports<R> {
    One(Box<R>),
    Several(Vec<Entry<R>>),
}

/// What stands for a picture in a list.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Entry<R> {
    Report(Box<R>),
    LeftOut(LeftOut),
}

impl<R> Reports<R> {
    /// Of every picture that was asked about, and of those that were left out.
    pub(super) fn of(asking: &Asking, mut reports: Vec<R>, skipped: &[Skipped]) -> Self {
        match reports.pop() {
            Some(one) if reports.is_empty() && !asking.images.are_several => Self::One(Box::new(one)),
            last => {
                let found = reports.into_iter().chain(last).map(|report| Entry::Report(Box::new(report)));
                Self::Several(found.chain(LeftOut::all(skipped).into_iter().map(Entry::LeftOut)).collect())
            }
        }
    }
}

impl LeftOut {
    /// Of each.
    pub(super) fn all(skipped: &[Skipped]) -> Vec<Self> {
        let one =
            |skipped: &Skipped| Self { image: skipped.path.display().to_string(), left_out: skipped.reason.clone() };
        skipped.iter().map(one).collect()
    }
}

impl Photo<'_> {
    /// Its name as it was given.
    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// A map over what the network saw; colours end at `reach` on both sides of 0.
    pub(super) fn under(&self, setting: &Setting, map: &Evidence, reach: f32) -> image::RgbImage {
        let crop = self.seen(setting);
        overlay::blend(&crop, &map.values, map.size, (-reach, reach), (Shades::evidence(true), 1.0))
    }

    /// What the network saw, at a size to look at.
    pub(super) fn seen(&self, setting: &Setting) -> image::RgbImage {
        displayed_crop(&self.picture.pixels, &self.prepared.window, setting.preprocessing.crop)
    }
}

/// What a run refused, as a message about a picture.
pub(super) fn failed(photo: &Photo<'_>, error: &EngineError) -> CliError {
    CliError::Failure(format!("{}: {error}", photo.path.display()))
}

/// A gate by its name.
///
/// # Errors
/// A network without gates; a name that is none, with what there is near.
pub(super) fn gate(setting: &Setting, flag: &str, name: &str) -> Result<usize, CliError> {
    let gates = &setting.graph.gates;
    if gates.is_empty() {
        let network = &setting.graph.name;
        return Err(CliError::Input(format!("{flag} {name}: {network} has no attention; add some, like +cbam")));
    }
    let found = gates.iter().position(|gate| gate.name == name);
    // A block that has one gate may be named for it.
    let within = || {
        let mut all = gates.iter().enumerate().filter(|(_, gate)| gate.name.starts_with(&format!("{name}.")));
        let first = all.next().map(|(index, _)| index);
        first.filter(|_| all.next().is_none())
    };
    found.or_else(within).ok_or_else(|| {
        let names: Vec<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
        CliError::Input(format!("{flag} {name}: no such gate, {}", suggest::hint(name, &names)))
    })
}
