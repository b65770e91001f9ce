//! What a map of evidence is about: a class, or one class rather than another.

use std::fmt;

use crate::compute::labels::Labels;
use crate::network::suggest;

/// A class, by its number, or the difference of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// The logit of a class.
    Class(usize),
    /// The logit of the first less that of the second: one class rather than the other.
    Difference(usize, usize),
}

impl Target {
    /// The largest of these logits.
    #[must_use]
    pub fn largest(logits: &[f32]) -> Self {
        let better = |best: usize, index: usize| if logits[index] > logits[best] { index } else { best };
        Self::Class((0..logits.len()).reduce(better).unwrap_or(0))
    }

    /// Reads `281`, `tabby`, `281-285`, `tabby - Egyptian cat`.
    ///
    /// # Errors
    /// A sentence with the classes that are nearest to what was written.
    pub fn parse(text: &str, classes: usize, labels: Option<&Labels>) -> Result<Self, String> {
        let built_in = Labels::for_classes(classes).filter(|_| labels.is_none());
        let labels = labels.or(built_in.as_ref());
        if let Ok(class) = class(text, classes, labels) {
            return Ok(Self::Class(class));
        }
        // Names have hyphens themselves: the first place where both sides are classes.
        let splits = text.match_indices(['-', '−']).map(|(at, dash)| (&text[..at], &text[at + dash.len()..]));
        let both =
            |(of, less): (&str, &str)| Some((class(of, classes, labels).ok()?, class(less, classes, labels).ok()?));
        match splits.clone().find_map(both) {
            Some((of, less)) if of == less => Err(format!("{text}: a class less itself is nothing; name two classes")),
            Some((of, less)) => Ok(Self::Difference(of, less)),
            // Two numbers are meant as a difference: say which of them is no class.
            None => match splits.into_iter().find(|(of, less)| is_number(of) && is_number(less)) {
                Some((of, less)) => {
                    class(of, classes, labels).and_then(|_| class(less, classes, labels)).map(Self::Class)
                }
                None => class(text, classes, labels).map(Self::Class),
            },
        }
    }

    /// What is explained, of these logits.
    #[must_use]
    pub fn value(self, logits: &[f32]) -> f32 {
        match self {
            Self::Class(class) => logits[class],
            Self::Difference(of, less) => logits[of] - logits[less],
        }
    }

    /// By logit, how much of it is explained.
    #[must_use]
    pub fn shares(self) -> Vec<(usize, f32)> {
        match self {
            Self::Class(class) => vec![(class, 1.0)],
            Self::Difference(of, less) => vec![(of, 1.0), (less, -1.0)],
        }
    }

    /// The first class that there is not among so many.
    #[must_use]
    pub fn beyond(self, classes: usize) -> Option<usize> {
        self.shares().into_iter().map(|(class, _)| class).find(|class| *class >= classes)
    }

    /// With what the classes are called, where that is known.
    #[must_use]
    pub fn named(self, labels: Option<&Labels>) -> String {
        let name = |class: usize| {
            let label = labels.and_then(|labels| labels.get(class));
            label.map_or_else(|| format!("class {class}"), |label| label.to_string())
        };
        match self {
            Self::Class(class) => name(class),
            Self::Difference(of, less) => format!("{} rather than {}", name(of), name(less)),
        }
    }
}

impl fmt::Display for Target {
    /// `281`, `281-285`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => write!(f, "{class}"),
            Self::Difference(of, less) => write!(f, "{of}-{less}"),
        }
    }
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<usize>().is_ok()
}

/// A class by its number or its name.
fn class(text: &str, classes: usize, labels: Option<&Labels>) -> Result<usize, String> {
    let text = text.trim();
    if classes == 0 {
        return Err("this network ends with features, there is no class to explain".to_owned());
    }
    if let Ok(number) = text.parse::<usize>() {
        let last = classes - 1;
        return if number < classes { Ok(number) } else { Err(format!("class {number}: the classes are 0 to {last}")) };
    }
    let Some(labels) = labels else {
        let last = classes - 1;
        return Err(format!("class {text}: its classes have no names here, write a number from 0 to {last}"));
    };
    let wanted = text.to_lowercase();
    let names: Vec<String> =
        (0..classes).map(|class| labels.get(class).map_or_else(String::new, |name| name.to_lowercase())).collect();
    if let Some(exact) = names.iter().position(|name| *name == wanted) {
        return Ok(exact);
    }
    let has = |name: &&String| name.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted);
    let near: Vec<usize> = (0..classes).filter(|class| has(&&names[*class])).collect();
    match near[..] {
        [only] => Ok(only),
        [] => {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            Err(format!("class {text}: no class is called so, {}", suggest::hint(&wanted, &known)))
        }
        _ => {
            const NAMED: usize = 6;
            let some: Vec<String> =
                near.iter().take(NAMED).map(|class| format!("{} ({class})", names[*class])).collect();
            let more = if near.len() > NAMED { ", ..." } else { "" };
            Err(format!("class {text}: {} classes have this word, name one: {}{more}", near.len(), some.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_a_number_a_name_or_a_difference() {
        let read = |text: &str| Target::parse(text, 1000, None);
        assert_eq!(read("281"), Ok(Target::Class(281)));
        assert_eq!(read("Egyptian cat"), Ok(Target::Class(285)));
        assert_eq!(read("goldfish"), Ok(Target::Class(1)));
        assert_eq!(read("281-285"), Ok(Target::Difference(281, 285)));
        assert_eq!(read("goldfish - Egyptian cat"), Ok(Target::Difference(1, 285)));
        let german = read("German short-haired pointer").expect("a hyphen of its own");
        assert_eq!(read(&format!("{german}-1")), Ok(Target::Difference(german.shares()[0].0, 1)));
    }

    #[test]
    fn what_is_no_class_lists_near_names() {
        let message = |text: &str, classes| Target::parse(text, classes, None).expect_err("no class");
        assert!(message("1000", 1000).contains("0 to 999"));
        assert!(message("egiptian cat", 1000).contains("egyptian cat"), "{}", message("egiptian cat", 1000));
        assert!(message("terrier", 1000).contains("name one"), "{}", message("terrier", 1000));
        assert!(message("5-5", 1000).contains("two classes"));
        assert!(message("5-7777", 1000).contains("7777"));
        assert!(message("cat", 7).contains("no names") && message("1", 0).contains("features"));
    }
}
