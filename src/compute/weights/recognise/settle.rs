//! From tensors and all that is said of them to a network: the most credible is believed, a contradiction is shown,
//! and what nobody settles becomes a doubt.

use std::sync::Arc;

use super::Recognised;
use super::doubt::{Alternative, Doubt, OptionValue, Standing};
use super::evidence::{Claim, Content, Evidence, Source};
use super::known::Known;
use super::open::{self, declared, of_the_rest, of_twins, twins, value_of};
use crate::network::NetworkSpec;

/// Values that change nothing in a network that has no such option.
const NEUTRAL: [&str; 6] = ["32", "avg", "none", "symmetric", "no", "1e-5"];
/// Options that a name would tell otherwise, if they were otherwise.
const NAMED: [&str; 4] = ["aa", "padding", "eps", "act"];

/// An option that somebody has decided.
struct Decided {
    setting: OptionValue,
    source: Source,
    says: String,
    /// By an argument and not by a name.
    is_argument: bool,
}

/// The network that tensors and claims make together, with its doubts.
pub(super) fn settled(found: Recognised, claims: Vec<Claim>) -> Recognised {
    let mut settling = Settling { bare: found.spec.clone(), found, decided: Vec::new(), is_named: false };
    settling.take_as_published();
    for claim in claims {
        settling.hear(claim);
    }
    settling.conclude()
}

struct Settling {
    found: Recognised,
    /// What the tensors alone say.
    bare: NetworkSpec,
    decided: Vec<Decided>,
    /// Has somebody named the network?
    is_named: bool,
}

impl Settling {
    /// What is published in one way only is taken so.
    fn take_as_published(&mut self) {
        let title = declared(&self.found.spec).0;
        let has_heads = value_of(&self.found.spec, "aux").is_some_and(|aux| aux == "heads");
        if title == "GoogLeNet" || (title == "Inception-v3" && has_heads) {
            let setting = OptionValue::new("transform_input", "yes");
            if self.set(&setting).is_ok() {
                let says = "torchvision publishes such weights for pictures normalised to -1..1 only".to_owned();
                self.note(Evidence { source: Source::Tensors, says, settings: vec![setting] });
            }
        }
        if self.found.spec.model.starts_with("efficientnet_lite") {
            let says = "an EfficientNet without SE, which is published as lite only, with ReLU6".to_owned();
            let settings = vec![OptionValue::new("act", "relu6")];
            self.note(Evidence { source: Source::Tensors, says, settings });
        }
    }

    fn hear(&mut self, claim: Claim) {
        let Claim { source, says, content } = claim;
        match content {
            Content::Option(setting) => self.argument(source, says, setting),
            Content::Architecture(known) => self.architecture(source, says, &known),
            Content::Unknown => {
                let spec = &self.found.spec;
                self.doubt(format!(
                    "{says}, a network this program does not know: the tensors are those of {spec}, what is computed \
                     with them there may be something else"
                ));
            }
        }
    }

    /// A name: all that it says, and that it would say if it were otherwise.
    fn architecture(&mut self, source: Source, says: String, known: &Known) {
        let title = declared(&self.found.spec).0;
        if let Some(family) = known.family.filter(|family| *family != title) {
            if source <= Source::Config {
                let spec = &self.found.spec;
                self.doubt(format!("{says}, a network of the family {family}, but the tensors are those of {spec}"));
            }
            return;
        }
        self.is_named = true;
        let mut settings = known.settings.clone();
        for option in twins(&self.found).flat_map(|twin| twin.settings).map(|(option, _)| *option) {
            let is_silent = NAMED.contains(&option) && !settings.iter().any(|setting| setting.option == option);
            let value = value_of(&self.bare, option).filter(|_| is_silent);
            settings.extend(value.map(|value| OptionValue::new(option, &value)));
        }
        let mut followed = Vec::new();
        for setting in settings {
            if let Some(known) = self.decided.iter().find(|decided| decided.setting.option == setting.option) {
                if known.setting != setting && !known.is_argument {
                    let doubt = contradiction(known, &says, setting);
                    self.found.doubts.push(doubt);
                }
            } else if self.set(&setting).is_ok() {
                let decided = Decided { setting: setting.clone(), source, says: says.clone(), is_argument: false };
                self.decided.push(decided);
                followed.push(setting);
            }
        }
        if !followed.is_empty() {
            self.note(Evidence { source, says, settings: followed });
        }
    }

    /// An argument: one option, which must be there.
    fn argument(&mut self, source: Source, says: String, setting: OptionValue) {
        let option = setting.option.clone();
        let Some(current) = value_of(&self.found.spec, &option) else {
            if !NEUTRAL.contains(&setting.value.as_str()) {
                let spec = &self.found.spec;
                self.doubt(format!("{says}, which {spec} has no option for here: it is computed without"));
            }
            return;
        };
        let known = self.decided.iter().find(|decided| decided.setting.option == option);
        if let Some(known) = known {
            if known.setting != setting {
                let doubt = contradiction(known, &says, setting);
                self.found.doubts.push(doubt);
            }
            return;
        }
        match self.set(&setting) {
            Ok(()) => {
                let value = value_of(&self.found.spec, &option).unwrap_or(current);
                let setting = OptionValue { option, value };
                let says_it = says.clone();
                self.decided.push(Decided { setting: setting.clone(), source, says, is_argument: true });
                self.note(Evidence { source, says: says_it, settings: vec![setting] });
            }
            Err(problem) => {
                self.doubt(format!("{says}, which cannot be had here ({problem}): {option}={current} is computed"));
            }
        }
    }

    /// Sets an option, if that leaves the tensors as they are.
    fn set(&mut self, setting: &OptionValue) -> Result<(), String> {
        let (spec, graph) = open::with(&self.found, std::slice::from_ref(setting))?;
        (self.found.spec, self.found.graph) = (spec, Arc::new(graph));
        Ok(())
    }

    fn note(&mut self, evidence: Evidence) {
        self.found.verdict.push(evidence.sentence());
        self.found.evidence.push(evidence);
    }

    fn doubt(&mut self, reason: String) {
        self.found.doubts.push(Doubt::plain(reason));
    }

    /// What is left open, loudest first.
    fn conclude(self) -> Recognised {
        let Self { mut found, decided, is_named, .. } = self;
        let options = |from: &dyn Fn(&Decided) -> bool| -> Vec<&str> {
            decided.iter().filter(|decided| from(decided)).map(|decided| &*decided.setting.option).collect()
        };
        let all = options(&|_| true);
        // A file's name is a hint: what it decides stays among what is listed.
        let firm = options(&|decided| decided.source <= Source::Config);
        let contested: Vec<Doubt> = found.doubts.clone();
        let is_contradiction = |doubt: &Doubt| doubt.standing == Standing::Said;
        found.doubts = contested
            .into_iter()
            .filter_map(|doubt| if is_contradiction(&doubt) { Some(doubt) } else { doubt.without(&all) })
            .collect();
        // Who knows the name would know of a dilation: it is said of segmentation's backbones only.
        let dilated = is_named.then_some("output_stride");
        let settled: Vec<&str> = all.iter().copied().chain(dilated).collect();
        found.doubts.extend(of_twins(&found, &settled));
        let spoken = |option: &&str| found.doubts.iter().any(|doubt| doubt.concerns(option));
        let mut known = firm;
        known.extend(super::known::UNSEEN.iter().filter(|option| spoken(option)));
        found.doubts.extend(of_the_rest(&found, &known));
        found.doubts.sort_by_key(|doubt| doubt.standing);
        found
    }
}

/// Two that say different things.
fn contradiction(known: &Decided, says: &str, other: OptionValue) -> Doubt {
    Doubt {
        assumed: vec![known.setting.clone()],
        alternatives: vec![Alternative { what: "the latter".to_owned(), settings: vec![other] }],
        reason: format!("{}, but {says}; the former is believed", known.says),
        standing: Standing::Said,
    }
}
