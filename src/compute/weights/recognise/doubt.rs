//! What a file's tensors cannot tell: what is assumed, what else it could be, and the option that changes it.

use std::fmt;

/// An option of a network and its value, as a spec has it: `aa=avg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionValue {
    /// The option: `aa`.
    pub option: String,
    /// Its value: `avg`.
    pub value: String,
}

impl OptionValue {
    /// An option with this value.
    #[must_use]
    pub fn new(option: &str, value: &str) -> Self {
        Self { option: option.to_owned(), value: value.to_owned() }
    }

    /// Those of a table's row.
    pub(super) fn all(pairs: &[(&str, &str)]) -> Vec<Self> {
        pairs.iter().map(|(option, value)| Self::new(option, value)).collect()
    }
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.option, self.value)
    }
}

/// What else a file could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Who computes so: `timm's resnetaa50`. Empty where it is nobody in particular.
    pub what: String,
    /// What makes the network that one.
    pub settings: Vec<OptionValue>,
}

impl Alternative {
    /// The alternative of one option alone.
    #[must_use]
    pub fn of(option: &str, value: &str) -> Self {
        Self { what: String::new(), settings: vec![OptionValue::new(option, value)] }
    }
}

/// How loud a doubt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing makes one reading much likelier than the other: the window asks.
    Asked,
    /// Published networks have these tensors and compute otherwise: said wherever the file is opened.
    Said,
    /// It could be, and nobody is known to do so: listed with the file.
    Listed,
}

impl Standing {
    /// In a word, for JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Said => "said",
            Self::Listed => "listed",
        }
    }
}

/// Something a file cannot tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What was taken; empty where no option of this program decides it.
    pub assumed: Vec<OptionValue>,
    /// What else it could be, the likeliest first.
    pub alternatives: Vec<Alternative>,
    /// Why it is open.
    pub reason: String,
    /// How loud it is.
    pub standing: Standing,
}

impl Doubt {
    /// One option with two values that are as likely.
    pub(super) fn between(option: &str, [assumed, other]: [&str; 2], reason: &str) -> Self {
        Self {
            assumed: vec![OptionValue::new(option, assumed)],
            alternatives: vec![Alternative::of(option, other)],
            reason: reason.to_owned(),
            standing: Standing::Asked,
        }
    }

    /// What no option of this program decides.
    pub(super) fn plain(reason: String) -> Self {
        Self { assumed: Vec::new(), alternatives: Vec::new(), reason, standing: Standing::Said }
    }

    /// Does it concern this option?
    #[must_use]
    pub fn concerns(&self, option: &str) -> bool {
        let alternatives = self.alternatives.iter().flat_map(|alternative| &alternative.settings);
        self.assumed.iter().chain(alternatives).any(|setting| setting.option == option)
    }

    /// In a sentence, with what to do if the assumption is wrong.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.told("set ", ", ")
    }

    /// The same for a command line, where options are set with `--set`.
    #[must_use]
    pub fn command(&self) -> String {
        self.told("--set ", " --set ")
    }

    /// What remains of it once these options are decided; `None` where nothing does.
    #[must_use]
    pub fn without(&self, decided: &[&str]) -> Option<Self> {
        let is_open = |setting: &OptionValue| !decided.contains(&setting.option.as_str());
        if self.assumed.is_empty() || self.assumed.iter().all(is_open) {
            return Some(self.clone());
        }
        let mut rest = self.clone();
        rest.assumed.retain(is_open);
        rest.alternatives.retain(|alternative| alternative.settings.iter().all(is_open));
        // Of a reading that several options make together, what is left is none.
        (!rest.alternatives.is_empty()).then_some(rest)
    }

    fn told(&self, set: &str, and: &str) -> String {
        let Self { assumed, reason, .. } = self;
        let joined =
            |settings: &[OptionValue], by: &str| settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(by);
        let assumed = match assumed.as_slice() {
            [] => return reason.clone(),
            [one] => format!("{one} is assumed"),
            several => format!("{} are assumed", joined(several, ", ")),
        };
        let others: Vec<String> = match self.standing {
            Standing::Listed => vec![format!("if that is wrong, {set}{}", self.choices())],
            _ => self.alternatives.iter().map(|other| other.told(set, &joined(&other.settings, and))).collect(),
        };
        format!("{assumed}: {reason}; {}", others.join(", "))
    }

    /// Every option with its other values: `aa=avg|blur, output_stride=16|8`.
    fn choices(&self) -> String {
        let mut choices: Vec<(&str, Vec<&str>)> = Vec::new();
        for setting in self.alternatives.iter().flat_map(|alternative| &alternative.settings) {
            match choices.iter_mut().find(|(option, _)| *option == setting.option) {
                Some((_, values)) => values.push(&setting.value),
                None => choices.push((&setting.option, vec![&setting.value])),
            }
        }
        let told = choices.iter().map(|(option, values)| format!("{option}={}", values.join("|")));
        told.collect::<Vec<_>>().join(", ")
    }
}

impl Alternative {
    fn told(&self, set: &str, settings: &str) -> String {
        match self.what.as_str() {
            "" => format!("if that is wrong, {set}{settings}"),
            what => format!("for {what} {set}{settings}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensorflow() -> Doubt {
        Doubt {
            assumed: OptionValue::all(&[("padding", "symmetric"), ("eps", "1e-5")]),
            alternatives: vec![Alternative {
                what: "tf_efficientnet_b0".to_owned(),
                settings: OptionValue::all(&[("padding", "same"), ("eps", "1e-3")]),
            }],
            reason: "the tensors are the same".to_owned(),
            standing: Standing::Said,
        }
    }

    #[test]
    fn a_sentence_says_what_is_taken_and_what_to_set() {
        let stride = Doubt::between("stride", ["v1.5", "v1"], "both are alike");
        assert_eq!(stride.sentence(), "stride=v1.5 is assumed: both are alike; if that is wrong, set stride=v1");
        let doubt = tensorflow();
        let begin = "padding=symmetric, eps=1e-5 are assumed: the tensors are the same; for tf_efficientnet_b0 ";
        assert_eq!(doubt.sentence(), format!("{begin}set padding=same, eps=1e-3"));
        assert_eq!(doubt.command(), format!("{begin}--set padding=same --set eps=1e-3"));
        let listed = Doubt {
            alternatives: [("eps", "1e-3"), ("eps", "1e-4"), ("padding", "same")]
                .map(|(o, v)| Alternative::of(o, v))
                .to_vec(),
            standing: Standing::Listed,
            ..doubt
        };
        assert!(listed.sentence().ends_with("if that is wrong, set eps=1e-3|1e-4, padding=same"));
    }

    #[test]
    fn what_is_decided_is_no_doubt_any_more() {
        assert_eq!(tensorflow().without(&["stride"]), Some(tensorflow()));
        assert_eq!(tensorflow().without(&["padding", "eps"]), None);
        let plain = Doubt::plain("odd".to_owned());
        assert_eq!(plain.without(&["eps"]), Some(plain));
    }
}
