//! The pages of `--out`: self-contained HTML, light and dark, links relative.

use super::files::{INDEX, PHOTO, gate_file};
use super::page::{input_line, preparation_lines, shape_text};
use super::portraits::{self, Portrait};
use super::result::{GateResult, Inspected};
use super::{All, Setting};
use crate::cli::document::{document, escape, href};
use crate::cli::images::Skipped;
use crate::cli::subject::UNTRAINED;
use crate::compute::explain::widened;
use crate::compute::weights::Doubt;
use crate::network::graph::{GateKind, Param, ScopeId, ScopeKind};
use crate::network::number;

/// How the photo is shown.
pub(super) struct View {
    /// The photo's width and height, in pixels.
    pub photo: [u32; 2],
    /// The crop's left, top, width and height as fractions of the photo.
    pub window: [f32; 4],
}

/// Network, image and where the weights come from; untrained ones in plain sight.
fn header(setting: &Setting, subject: &str, back: &str) -> String {
    let name = escape(&setting.graph.name);
    let source = escape(&setting.source());
    let params: usize = setting.graph.params.iter().filter(|p| p.role.is_parameter()).map(Param::elements).sum();
    let params = number::grouped(params as u64);
    let notice = match setting.weights.is_trained() {
        true => String::new(),
        false => format!("<p class=\"notice\"><strong>Untrained weights</strong> {UNTRAINED}.</p>\n"),
    };
    let broken = setting.non_finite().map(|words| format!("<p class=\"notice\">{}</p>\n", escape(&words)));
    let notice = notice + &broken.unwrap_or_default() + &said_of_the_file(setting);
    format!(
        "<header>\n{back}<h1>{name} <span class=\"on\">on</span> {}</h1>\n\
         <p class=\"muted\">{params} parameters · weights: {source} · {} gates</p>\n{notice}</header>\n",
        escape(subject),
        setting.graph.gates.len()
    )
}

/// What the file is and what it leaves open.
fn said_of_the_file(setting: &Setting) -> String {
    let verdict = setting.weights.report().verdict.iter().cloned();
    let sentences: Vec<String> = verdict.chain(setting.doubts.iter().map(Doubt::command)).collect();
    match sentences.as_slice() {
        [] => String::new(),
        sentences => {
            let items: Vec<String> = sentences.iter().map(|said| format!("<li>{}</li>\n", escape(said))).collect();
            let items = items.concat();
            format!("<details><summary>What the file is, and what is assumed</summary>\n<ul>\n{items}</ul></details>\n")
        }
    }
}

/// One image: the photo and the guesses beside every gate in depth order.
pub(super) fn image_page(setting: &Setting, result: &Inspected, view: &View, nested: bool) -> String {
    let subject = file_name(result);
    let back = match nested {
        true => format!("<p class=\"back\"><a href=\"../{INDEX}\">All images</a></p>\n"),
        false => String::new(),
    };
    let body = format!(
        "{}<div class=\"columns\">\n{}{}</div>\n",
        header(setting, &subject, &back),
        aside(setting, result, view, &subject),
        gates(setting, result)
    );
    document(&format!("{} on {subject}", setting.graph.name), &body)
}

fn file_name(result: &Inspected) -> String {
    let path = result.path.file_name().unwrap_or(result.path.as_os_str());
    path.to_string_lossy().into_owned()
}

fn aside(setting: &Setting, result: &Inspected, view: &View, subject: &str) -> String {
    let [left, top, width, height] = view.window.map(|part| part * 100.0);
    let [photo_width, photo_height] = view.photo;
    let subject = escape(subject);
    let input = escape(&input_line(setting, result));
    let preparation = escape(&preparation_lines(setting, result).join("; "));
    format!(
        "<aside>\n<h2>What the network sees</h2>\n\
         <div class=\"photo\"><img src=\"{PHOTO}\" width=\"{photo_width}\" height=\"{photo_height}\" alt=\"{subject}\">\
         <div class=\"crop\" style=\"left:{left:.3}%;top:{top:.3}%;width:{width:.3}%;height:{height:.3}%\"></div></div>\n\
         <p class=\"muted\">{input}; the shaded part is cropped away</p>\n<p class=\"muted\">{preparation}</p>\n\
         {}<h2>Scale of gates</h2>\n<div class=\"scale\"></div>\n\
         <div class=\"ends\"><span>0 closed</span><span>0.5</span><span>1 open</span></div>\n</aside>\n",
        guesses(setting, result)
    )
}

fn guesses(setting: &Setting, result: &Inspected) -> String {
    let mut rows = String::new();
    for guess in &result.reading.top {
        let label = guess.label.as_deref().map_or_else(|| format!("class {}", guess.class), ToOwned::to_owned);
        let percent = guess.probability * 100.0;
        rows += &format!(
            "<tr title=\"class {}, logit {:.4}\"><td>{}</td><td class=\"track\"><div><i style=\"width:{:.2}%\"></i></div></td>\
             <td class=\"number\">{percent:.1} %</td></tr>\n",
            guess.class,
            guess.logit,
            escape(&label),
            percent.clamp(0.0, 100.0)
        );
    }
    let said = result.reading.sentence();
    let said = said.map_or_else(String::new, |sentence| format!("<p class=\"notice\">{}</p>\n", escape(&sentence)));
    let table = match rows.is_empty() {
        true => String::new(),
        false => format!("<table class=\"guesses\">\n{rows}</table>\n"),
    };
    let title = if setting.classes == 0 { "Features" } else { "Prediction" };
    format!("<h2>{title}</h2>\n{said}{table}")
}

/// Every gate by stage and attention block, in execution order.
fn gates(setting: &Setting, result: &Inspected) -> String {
    let graph = &setting.graph;
    let mut html = "<main>\n".to_owned();
    let mut stage: Option<Option<ScopeId>> = None;
    for block in blocks(setting) {
        let scope = graph.gates[block[0]].scope;
        let here = graph.enclosing(scope, ScopeKind::Stage);
        if stage != Some(here) {
            if stage.is_some() {
                html += "</section>\n";
            }
            let name = here.map_or("Gates", |id| graph[id].path.as_str());
            html += &format!("<section>\n<h2>{}</h2>\n", escape(name));
            stage = Some(here);
        }
        html += &block_figure(setting, result, scope, &block);
    }
    html += match stage {
        Some(_) => "</section>\n",
        None => "<p class=\"muted\">This network has no attention, so there are no gates.</p>\n",
    };
    html + "</main>\n"
}

/// The gates of each attention block, as indices.
fn blocks(setting: &Setting) -> Vec<Vec<usize>> {
    let gates = &setting.graph.gates;
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for (index, gate) in gates.iter().enumerate() {
        match blocks.last_mut().filter(|block| gates[block[0]].scope == gate.scope) {
            Some(block) => block.push(index),
            None => blocks.push(vec![index]),
        }
    }
    blocks
}

fn block_figure(setting: &Setting, result: &Inspected, scope: ScopeId, block: &[usize]) -> String {
    let graph = &setting.graph;
    let scope = &graph[scope];
    let kind = match scope.kind {
        ScopeKind::Attention(name) => name,
        _ => "other",
    };
    let place = scope.parent.map_or(scope.path.as_str(), |parent| graph[parent].path.as_str());
    let kinds: Vec<GateKind> = block.iter().map(|index| graph.gates[*index].kind).collect();
    let layout = match kinds[..] {
        [GateKind::Channel] => "channel",
        [GateKind::Spatial] => "spatial",
        [GateKind::Channel, GateKind::Spatial] => "pair",
        _ => "many",
    };
    let figures: String = block.iter().map(|index| gate_figures(setting, result, *index)).collect();
    format!(
        "<article class=\"{layout} {kind}\">\n<h3>{} <span class=\"chip {kind}\">{}</span></h3>\n\
         <div class=\"figures\">\n{figures}</div>\n</article>\n",
        escape(place),
        escape(&scope.label)
    )
}

/// The pictures of a gate; its numbers stand under the first.
fn gate_figures(setting: &Setting, result: &Inspected, index: usize) -> String {
    let gate = &setting.graph.gates[index];
    let portraits = portraits::of(setting, index);
    let figure = |(number, portrait): (usize, Portrait)| {
        let file = href(&gate_file(setting, index, (number > 0).then_some(portrait)));
        let (name, kind) = (escape(&gate.name), gate.kind.as_str());
        let mark = if setting.is_grafted(index) { " (grafted)" } else { "" };
        let caption = portrait.caption(gate);
        let form = portrait.form(setting, gate);
        let form = form.map_or_else(String::new, |[width, height]| format!(" width=\"{width}\" height=\"{height}\""));
        let paper = if portrait.is_paper() { " paper" } else { "" };
        let words = match (number, caption.is_empty()) {
            (0, true) => numbers(setting, result, index),
            (0, false) => format!("<div>{}</div>{}", escape(&caption), numbers(setting, result, index)),
            _ => format!("<div>{}</div>", escape(&caption)),
        };
        format!(
            "<figure class=\"{kind}{paper}\"><a href=\"{file}\"><img src=\"{file}\" loading=\"lazy\"{form} \
             alt=\"{kind} gate {name} {}\"></a>\n<figcaption><div class=\"name\" title=\"{name}\">{name}{mark}</div>\
             {words}</figcaption></figure>\n",
            escape(&caption)
        )
    };
    portraits.into_iter().enumerate().map(figure).collect()
}

/// A gate's kind, shape, range and statistics.
fn numbers(setting: &Setting, result: &Inspected, index: usize) -> String {
    let found = &result.gates[index];
    let scale = portraits::scale_words(setting, result, index);
    let scale = scale.map_or_else(String::new, |words| format!("<div>{}</div>", escape(&words)));
    format!(
        "<div>{}, {}</div>{}{}{scale}",
        setting.graph.gates[index].kind.as_str(),
        shape_text(&found.shape),
        range_bar(found),
        stats(found)
    )
}

fn stats(found: &GateResult) -> String {
    let stats = found.stats;
    let cells: String = [("mean", stats.mean), ("std", stats.std), ("min", stats.min), ("max", stats.max)]
        .map(|(name, value)| format!("<span>{name}<b>{}</b></span>", number::value(value)))
        .concat();
    format!("<div class=\"stats\">{cells}</div>")
}

/// Where the values lie on 0..1, or on the wider scale they need: a span from min to max and a tick at the mean.
fn range_bar(found: &GateResult) -> String {
    let (low, high) = widened(&found.stats);
    let percent =
        |value: f32| if value.is_nan() { 0.0 } else { ((value - low) / (high - low)).clamp(0.0, 1.0) * 100.0 };
    let (min, mean, max) = (percent(found.stats.min), percent(found.stats.mean), percent(found.stats.max));
    format!(
        "<div class=\"range\"><i style=\"left:{min:.2}%;width:{:.2}%\"></i><b style=\"left:{mean:.2}%\"></b></div>",
        max - min
    )
}

/// Several images: a card each, with the best guess.
pub(super) fn overview(setting: &Setting, all: &All) -> String {
    let All { results, skipped, .. } = *all;
    let mut cards = String::new();
    for result in results {
        let folder = href(&result.short_name);
        let name = escape(&file_name(result));
        let guess = escape(&result.reading.short());
        cards += &format!(
            "<a class=\"card\" href=\"{folder}/{INDEX}\"><img src=\"{folder}/{PHOTO}\" alt=\"\" loading=\"lazy\">\
             <strong>{name}</strong><span class=\"muted\">{guess}</span></a>\n"
        );
    }
    let subject = format!("{} images", results.len());
    let line = |skipped: &Skipped| format!("<li>{}</li>\n", escape(&skipped.reason));
    let left_out = match skipped {
        [] => String::new(),
        some => format!("<p>Left out:</p>\n<ul>\n{}</ul>\n", some.iter().map(line).collect::<String>()),
    };
    let body = format!("{}<div class=\"cards\">\n{cards}</div>\n{left_out}", header(setting, &subject, ""));
    document(&format!("{} on {subject}", setting.graph.name), &body)
}
