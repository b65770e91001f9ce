//! A diagram in lines of text: a box a line, branches behind a rule.

use super::Diagram;
use crate::drawing::flow::{Around, Fork, Piece, Source, Tangle};

impl Diagram {
    /// Its lines, from what comes in to what goes out. A wire that is led round others has a number at both ends.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut led = Vec::new();
        collect(&self.flow, &mut led);
        let mut lines = Vec::new();
        self.write(&self.flow, "", &led, &mut lines);
        lines
    }

    fn write(&self, pieces: &[Piece], margin: &str, led: &[(Source, usize)], lines: &mut Vec<String>) {
        for piece in pieces {
            match piece {
                Piece::Layer(step) => lines.push(format!("{margin}{}", self.line(*step, led))),
                Piece::Tangle(Tangle { around: Some(Around { body, .. }), .. }) => self.write(body, margin, led, lines),
                Piece::Tangle(Tangle { layers, around: None }) => {
                    lines.extend(layers.iter().map(|step| format!("{margin}{}", self.line(*step, led))));
                }
                Piece::Fork(Fork { lanes, .. }) => {
                    for branch in lanes {
                        self.branch(branch, margin, led, lines);
                    }
                }
            }
        }
    }

    /// A branch: its first line has a joint, the others a rule.
    fn branch(&self, branch: &[Piece], margin: &str, led: &[(Source, usize)], lines: &mut Vec<String>) {
        if branch.is_empty() {
            return lines.push(format!("{margin}├─ unchanged"));
        }
        let mut own = Vec::new();
        self.write(branch, "", led, &mut own);
        for (index, line) in own.into_iter().enumerate() {
            lines.push(match (index, line.strip_prefix('├')) {
                // It forks at once: the inner rule hangs from the outer one.
                (0, Some(rest)) => format!("{margin}├──┬{rest}"),
                (0, None) => format!("{margin}├─ {line}"),
                _ => format!("{margin}│  {line}"),
            });
        }
    }

    fn line(&self, step: usize, led: &[(Source, usize)]) -> String {
        let mut line = self.steps[step].line();
        for (index, (from, to)) in led.iter().enumerate() {
            if *from == Some(step) {
                line += &format!("  → {}", index + 1);
            }
            if *to == step {
                line += &format!("  ← {}", index + 1);
            }
        }
        line
    }
}

fn collect(pieces: &[Piece], led: &mut Vec<(Source, usize)>) {
    for piece in pieces {
        match piece {
            Piece::Layer(_) | Piece::Tangle(Tangle { around: None, .. }) => {}
            Piece::Fork(fork) => fork.lanes.iter().for_each(|lane| collect(lane, led)),
            Piece::Tangle(Tangle { around: Some(Around { wire, body }), .. }) => {
                led.push(*wire);
                collect(body, led);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::drawing::card::Diagram;
    use crate::network::attention;
    use crate::network::graph::{ScopeId, ScopeKind};
    use crate::network::{lower, parse};

    #[test]
    fn a_block_with_attention_reads_from_top_to_bottom() {
        let graph = lower(&parse("resnet18+se").expect("parses")).expect("lowers");
        let block = Diagram::of(&graph, graph.scope_at("layer1.0").expect("a block"));
        let wanted = [
            "64 × 56 × 56",
            "├─ Conv 3×3, 64 · BN · ReLU",
            "│  Conv 3×3, 64 · BN",
            "│  SE",
            "├─ unchanged",
            "+ · ReLU",
            "64 × 56 × 56",
        ];
        assert_eq!(block.lines(), wanted);
        let gate = Diagram::of(&graph, graph.scope_at("layer1.0.se").expect("attention"));
        let wanted = [
            "64 × 56 × 56",
            "├─ mean over H, W",
            "│  Conv 1×1, 8 · ReLU",
            "│  Conv 1×1, 64",
            "│  σ",
            "├─ unchanged",
            "×",
            "64 × 56 × 56",
        ];
        assert_eq!(gate.lines(), wanted);
    }

    #[test]
    fn a_fork_within_a_fork_hangs_from_its_rule() {
        let mut forks = 0;
        for name in attention::names() {
            let graph = lower(&parse(&format!("resnet18+{name}")).expect(name)).expect(name);
            let attentions = |id: &ScopeId| matches!(graph[*id].kind, ScopeKind::Attention(_));
            let scope = graph.scope_ids().find(attentions).expect(name);
            let lines = Diagram::of(&graph, scope).lines();
            assert!(lines.iter().all(|line| !line.contains("├─ ├")), "{lines:#?}");
            let Some(line) = lines.iter().position(|line| line.contains('┬')) else { continue };
            let column = lines[line].chars().position(|c| c == '┬').expect("there");
            let below =
                lines[line + 1..].iter().find_map(|line| line.chars().nth(column).filter(|c| "├│".contains(*c)));
            assert!(below.is_some(), "{lines:#?}");
            forks += 1;
        }
        assert!(forks > 0);
    }
}
