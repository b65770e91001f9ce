//! Where in a block its attention goes: the integration strategies of SENet's Tables 14 and 15, an option of every
//! attention that weighs features and leaves their shape alone.

use crate::network::options::{Declared, Field, Kind, Options, Value};

/// The option, the same for every block.
const POSITION: Field = Field {
    key: "at",
    long: "position",
    help: "where in a residual block: standard, at the end of the branch; pre, at its beginning; post, after the sum \
           and its ReLU; identity, on the shortcut; 3x3, inside the branch, after the 3×3 and its ReLU",
    kind: Kind::Word(&["standard", "pre", "post", "identity", "3x3"]),
};

/// A place in a block where features can be weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// Where the family has its attention: of a residual block, at the end of the branch.
    Standard,
    /// On what the branch takes; the shortcut takes it as it came.
    Pre,
    /// On what leaves the block.
    Post,
    /// On the shortcut, after its projection if it has one.
    Identity,
    /// Inside the branch, after the 3×3 between two 1×1.
    Inner,
}

impl Position {
    /// The field with its default.
    #[must_use]
    pub fn declared() -> Declared {
        Declared { field: POSITION, default: Value::Word(Self::Standard.word().to_owned()) }
    }

    /// The chosen one.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        let word = options.word(POSITION.key, Self::Standard.word());
        let all = [Self::Pre, Self::Post, Self::Identity, Self::Inner];
        all.into_iter().find(|position| position.word() == word).unwrap_or(Self::Standard)
    }

    /// The word in specs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Pre => "pre",
            Self::Post => "post",
            Self::Identity => "identity",
            Self::Inner => "3x3",
        }
    }

    /// What a block that does not have this position lacks.
    fn lacking(self) -> &'static str {
        match self {
            Self::Standard => "room for attention",
            Self::Pre | Self::Post => "residual branch",
            Self::Identity => "shortcut",
            Self::Inner => "3×3 between two 1×1",
        }
    }

    /// Why this position cannot be where a block only has those, and what can.
    #[must_use]
    pub fn refusal(self, offered: &[Self]) -> String {
        let words: Vec<&str> = offered.iter().map(|position| position.word()).collect();
        let instead = match words.split_last() {
            Some((last, [])) => format!("use at={last}"),
            Some((last, others)) => format!("use at={} or {last}", others.join(", ")),
            None => "leave it out here".to_owned(),
        };
        format!("at={}: this block has no {}, {instead}", self.word(), self.lacking())
    }
}
