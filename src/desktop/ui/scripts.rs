//! Names in any script: the system's fonts where the bundled ones lack a glyph, and the order of what runs from right
//! to left.
//!
//! Letters are joined and placed by egui's shaper, font by font. What it leaves to us is the order of words: it puts
//! them from left to right.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use eframe::egui;
use egui::{FallbackRequest, FontInsert, FontProvider};
use egui_system_font_provider::SystemFontProvider;
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// The system's fonts, looked for only once a glyph is missing: a start-up without such a name costs nothing.
#[derive(Default)]
struct Lazily(OnceLock<SystemFontProvider>);

impl FontProvider for Lazily {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        self.0.get_or_init(SystemFontProvider::new).font_for(request)
    }
}

/// Lets a context look among the system's fonts for what the bundled ones lack.
pub fn install(ctx: &egui::Context) {
    ctx.set_font_providers(vec![Arc::new(Lazily::default())]);
}

/// A text in the order it is drawn: as it is, unless there is something in it that runs from right to left.
#[must_use]
pub fn visual(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_turned) {
        return Cow::Borrowed(text);
    }
    // A name stands in a line that runs from left to right, whatever it begins with.
    let info = BidiInfo::new(text, Some(Level::ltr()));
    let mut drawn = String::with_capacity(text.len());
    for paragraph in &info.paragraphs {
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            match levels[run.start].is_rtl() {
                true => drawn.extend(words(&text[run]).into_iter().rev().map(mirrored)),
                false => drawn.push_str(&text[run]),
            }
        }
    }
    Cow::Owned(drawn)
}

fn is_turned(letter: char) -> bool {
    matches!(bidi_class(letter), BidiClass::R | BidiClass::AL)
}

/// A run as words and what stands between them. A word stays as it is: the shaper turns its letters, and has to see
/// them in their order to join them.
fn words(run: &str) -> Vec<&str> {
    let belongs = |letter: char| is_turned(letter) || bidi_class(letter) == BidiClass::NSM;
    let mut words: Vec<&str> = Vec::new();
    let mut start = 0;
    let mut letters = run.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let end = at + letter.len_utf8();
        let goes_on = letters.peek().is_some_and(|(_, next)| belongs(letter) && belongs(*next));
        if !goes_on {
            words.push(&run[start..end]);
            start = end;
        }
    }
    words
}

/// A bracket that opens towards the right opens towards the left where the text does.
fn mirrored(word: &str) -> &str {
    const PAIRS: [(&str, &str); 4] = [("(", ")"), ("[", "]"), ("{", "}"), ("«", "»")];
    let other = PAIRS.iter().find_map(|(open, close)| match word {
        word if word == *open => Some(*close),
        word if word == *close => Some(*open),
        _ => None,
    });
    other.unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::ui::theme;

    #[test]
    fn words_from_right_to_left_change_places_and_the_rest_stays() {
        assert!(matches!(visual("cat (1).png"), Cow::Borrowed(_)));
        assert!(matches!(visual("猫の写真 🐱.png"), Cow::Borrowed(_)));
        // "a nice cat", then the extension: the first word stands rightmost, the extension stays at the end.
        assert_eq!(visual("قطة جميلة.png"), "جميلة قطة.png");
        assert_eq!(visual("猫の写真 🐱 قطة.png"), "猫の写真 🐱 قطة.png");
        assert_eq!(visual("חתול (2) שלי"), "שלי (2) חתול");
        // A number after Arabic letters belongs to them (UAX #9, W2 and N0).
        assert_eq!(visual("photo of قطة جميلة (1)"), "photo of (1) جميلة قطة");
    }

    #[test]
    fn marks_stay_with_their_letters() {
        assert_eq!(words("قِطّة جميلة"), ["قِطّة", " ", "جميلة"]);
        assert_eq!(words("()"), ["(", ")"]);
        assert_eq!([mirrored("("), mirrored("»"), mirrored("x")], [")", "«", "x"]);
    }

    /// A glyph that is not empty: its letter and its width.
    type Drawn = (char, f32);

    /// Letters of `text` in the face that text is set in; none where this machine has no font for them.
    fn drawn(ctx: &egui::Context, text: &str) -> Option<Vec<Drawn>> {
        let mut found = None;
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let font = theme::regular(24.0);
            let is_there = ui.fonts_mut(|fonts| text.chars().all(|letter| fonts.has_glyph(&font, letter)));
            let galley = ui.painter().layout_no_wrap(text.to_owned(), font, theme::palette(ui).text);
            let glyphs = galley.rows.iter().flat_map(|row| &row.row.glyphs);
            let seen = glyphs.filter(|glyph| !glyph.uv_rect.is_nothing());
            found = is_there.then(|| seen.map(|glyph| (glyph.chr, glyph.uv_rect.size.x)).collect());
        });
        output.textures_delta.clear();
        found
    }

    #[test]
    fn glyphs_the_bundled_fonts_lack_come_from_the_system() {
        let ctx = egui::Context::default();
        theme::install(&ctx);
        for text in ["猫", "の", "고양이", "قطة", "🐱"] {
            match drawn(&ctx, text) {
                Some(glyphs) => {
                    assert!(!glyphs.is_empty(), "{text} is drawn");
                }
                None => eprintln!("no font of this system has {text}: not looked at"),
            }
        }
    }

    #[test]
    fn arabic_letters_are_joined() {
        let ctx = egui::Context::default();
        theme::install(&ctx);
        let (Some(word), Some(alone)) = (drawn(&ctx, "قطة"), drawn(&ctx, "ق")) else {
            return eprintln!("no font of this system has Arabic: not looked at");
        };
        // The first letter is drawn last and has its initial form, which is narrower than when it stands alone.
        let (Some((letter, joined)), Some((_, alone))) = (word.last(), alone.first()) else { panic!("nothing drawn") };
        assert_eq!(*letter, 'ق', "right to left");
        assert!(joined < alone, "joined: {joined} {alone}");
    }
}
