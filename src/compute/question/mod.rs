//! What is asked of a network: everything a result depends on, and nothing else.

mod explanation;
mod picture;

pub use explanation::Explanation;
pub use picture::PictureChoice;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::holds::Holds;
use super::imaging::Preprocessing;
use super::weights::WeightsChoice;
use crate::network::Model;
use crate::network::digest::Digest;

/// A question to a network. It is hashed once, when it is asked; questions with the same hash are the same.
#[derive(Clone)]
pub struct Question {
    digest: u128,
    asked: Arc<Asked>,
}

/// What a question consists of.
#[derive(Debug)]
pub struct Asked {
    /// The network.
    pub model: Arc<Model>,
    /// Its weights.
    pub weights: WeightsChoice,
    /// The picture it sees, and how that is prepared; `None` where only time is asked for.
    pub picture: Option<(PictureChoice, Preprocessing)>,
    /// Gates that are something else than its attention says.
    pub holds: Holds,
    /// What is to be explained; `None` where the run itself is asked for.
    pub explanation: Option<Explanation>,
}

impl Question {
    /// What a network with these weights does with a picture.
    #[must_use]
    pub fn of_picture(
        model: Arc<Model>,
        weights: WeightsChoice,
        picture: PictureChoice,
        preparation: Preprocessing,
    ) -> Self {
        let picture = Some((picture, preparation));
        Self::of(Asked { model, weights, picture, holds: Holds::none(), explanation: None })
    }

    /// How long a network takes. That depends on no weights and no picture.
    #[must_use]
    pub fn of_time(model: Arc<Model>) -> Self {
        let (weights, holds) = (WeightsChoice::Seeded(0), Holds::none());
        Self::of(Asked { model, weights, picture: None, holds, explanation: None })
    }

    /// The same network and picture, with gates held and something to be explained.
    #[must_use]
    pub fn explained(&self, holds: Holds, explanation: Explanation) -> Self {
        let Asked { model, weights, picture, .. } = &*self.asked;
        let (model, weights, picture) = (model.clone(), weights.clone(), picture.clone());
        Self::of(Asked { model, weights, picture, holds, explanation: Some(explanation) })
    }

    /// The same of another picture.
    #[must_use]
    pub fn about(&self, picture: PictureChoice) -> Self {
        let Asked { model, weights, holds, explanation, .. } = &*self.asked;
        let picture = self.asked.picture.as_ref().map(|(_, preparation)| (picture, preparation.clone()));
        let (model, weights, holds) = (model.clone(), weights.clone(), holds.clone());
        Self::of(Asked { model, weights, picture, holds, explanation: explanation.clone() })
    }

    /// Any question.
    #[must_use]
    pub fn of(asked: Asked) -> Self {
        let mut digest = Digest::default();
        (asked.model.print(), &asked.weights, asked.picture.is_some()).hash(&mut digest);
        if let Some((picture, preparation)) = &asked.picture {
            picture.hash(&mut digest);
            preparation.digest(&mut digest);
        }
        asked.holds.digest(&mut digest);
        asked.explanation.hash(&mut digest);
        Self { digest: digest.value(), asked: Arc::new(asked) }
    }

    /// What it consists of.
    #[must_use]
    pub fn asked(&self) -> &Asked {
        &self.asked
    }
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Question {}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.digest);
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({:032x} of {})", self.digest, self.asked.model)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::compute::explain::Target;
    use crate::compute::holds::Hold;
    use crate::compute::imaging::CropMode;
    use crate::compute::weights::Graft;

    fn asked() -> Asked {
        let model = Model::parse("resnet8(blocks=1-1-1)+se").expect("a network");
        let preparation = Preprocessing::for_input(model.input());
        let picture = Some((PictureChoice::Sample("cat.png".to_owned()), preparation));
        Asked { model, weights: WeightsChoice::Seeded(0), picture, holds: Holds::none(), explanation: None }
    }

    fn prepared(change: impl FnOnce(&mut Preprocessing)) -> Asked {
        let mut asked = asked();
        change(&mut asked.picture.as_mut().expect("a picture").1);
        asked
    }

    fn held(hold: Hold) -> Asked {
        let mut holds = Holds::none();
        holds.set(1, hold);
        Asked { holds, ..asked() }
    }

    /// A result of one would be shown for another otherwise.
    #[test]
    fn whatever_changes_a_result_makes_another_question() {
        let path = || PathBuf::from("a.pth");
        let mut holds = Holds::none();
        holds.set(2, Hold::Mean);
        let all = [
            asked(),
            Asked { model: Model::parse("resnet8(blocks=1-1-1)").expect("a network"), ..asked() },
            Asked { model: Model::parse("resnet8(blocks=1-1-1,eps=1e-3)+se").expect("a network"), ..asked() },
            Asked { weights: WeightsChoice::Seeded(1), ..asked() },
            Asked { weights: WeightsChoice::File(path()), ..asked() },
            Asked { weights: WeightsChoice::Grafted(path(), Graft::Identity), ..asked() },
            Asked { weights: WeightsChoice::Grafted(path(), Graft::Seeded(0)), ..asked() },
            Asked { picture: None, ..asked() },
            Asked { picture: Some((PictureChoice::File(path()), Preprocessing::for_input([3, 32, 32]))), ..asked() },
            prepared(|preparation| preparation.resize += 1),
            prepared(|preparation| preparation.crop_mode = CropMode::Squash),
            prepared(|preparation| preparation.crop[1] += 1),
            prepared(|preparation| preparation.mean[2] += 0.001),
            prepared(|preparation| preparation.std[0] += 0.001),
            held(Hold::Mean),
            held(Hold::Value(1.0)),
            held(Hold::Value(0.5)),
            held(Hold::Scaled(1.0)),
            held(Hold::Values([1.0, 0.5].into())),
            held(Hold::Values([1.0, 0.25].into())),
            Asked { holds, ..asked() },
            Asked { explanation: Some(Explanation::Effect), ..asked() },
            Asked { explanation: Some(Explanation::Gates(Some(Target::Class(0)))), ..asked() },
            Asked { explanation: Some(Explanation::Gates(Some(Target::Class(1)))), ..asked() },
            Asked { explanation: Some(Explanation::Channels(1, Target::Class(1))), ..asked() },
        ];
        let questions: Vec<Question> = all.into_iter().map(Question::of).collect();
        for (index, one) in questions.iter().enumerate() {
            let same = questions.iter().filter(|other| *other == one).count();
            assert_eq!(same, 1, "question {index} is asked twice");
        }
        assert_eq!(questions[0], Question::of(asked()), "the same, asked again");
    }

    #[test]
    fn equal_graphs_are_one_whatever_they_are_called() {
        let print = |text: &str| Model::parse(text).expect(text).print();
        assert_eq!(print("seresnet50"), print("resnet50+se"));
        assert_ne!(print("resnet50+se"), print("resnet50+se(r=8)"));
        assert_ne!(print("resnet50"), print("resnet50(stride=v1)"), "the same tensors, other strides");
    }
}
