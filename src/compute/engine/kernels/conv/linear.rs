//! A large linear layer with its gradients, on the weights as they lie: packing them, or adding gradients up in a buffer
//! of their own, would take as much memory again as the layer has. Such a layer is bound by reading its weights once,
//! so that nothing is lost. Every sum has one order, whatever the number of threads.

use std::ops::Range;

use super::super::memory::Shared;
use super::super::simd::LANES;
use super::super::threads::Crew;

/// From this many weights on a linear layer is large: 16 MiB.
pub(in crate::compute::engine) const LARGE: usize = 4 << 20;
/// Columns of a task, in vectors.
const COLUMNS: usize = 64;
/// Rows of a task.
const ROWS: usize = 16;

/// A linear layer `[outputs, inputs]` over a batch; vectors are padded to whole lanes.
#[derive(Clone, Copy, Debug)]
pub(in crate::compute::engine) struct Linear {
    pub(in crate::compute::engine) inputs: usize,
    pub(in crate::compute::engine) outputs: usize,
    /// Numbers from one image's inputs to the next one's, and of outputs.
    pub(in crate::compute::engine) steps: [usize; 2],
    pub(in crate::compute::engine) batch: usize,
}

impl Linear {
    /// `y = W x + b`.
    pub(in crate::compute::engine) fn forward(
        &self,
        crew: &Crew,
        (weight, bias): (&[f32], &[f32]),
        values: &[f32],
        to: &mut [f32],
    ) {
        let shared = Shared::new(to);
        crew.run(self.outputs.div_ceil(ROWS), &|task| {
            for row in range(task, ROWS, self.outputs) {
                let line = &weight[row * self.inputs..][..self.inputs];
                for image in 0..self.batch {
                    let sum = dot(line, &values[image * self.steps[0]..][..self.inputs]);
                    // SAFETY: every output is written by one task.
                    let to = unsafe { shared.part(image * self.steps[1] + row, 1) };
                    to[0] = sum + bias.get(row).unwrap_or(&0.0);
                }
            }
        });
    }

    /// `dL/dx`, written to `to` or added to it.
    pub(in crate::compute::engine) fn input(
        &self,
        crew: &Crew,
        weight: &[f32],
        gradient: &[f32],
        to: &mut [f32],
        add: bool,
    ) {
        let width = COLUMNS * LANES;
        let shared = Shared::new(to);
        crew.run(self.inputs.div_ceil(width), &|task| {
            let columns = range(task, width, self.inputs);
            let mut sums = vec![0.0; self.batch * columns.len()];
            for (row, line) in weight.chunks_exact(self.inputs).take(self.outputs).enumerate() {
                let line = &line[columns.clone()];
                for (image, sums) in sums.chunks_exact_mut(columns.len()).enumerate() {
                    let slope = gradient[image * self.steps[1] + row];
                    sums.iter_mut().zip(line).for_each(|(sum, weight)| *sum += slope * weight);
                }
            }
            for (image, sums) in sums.chunks_exact(columns.len()).enumerate() {
                // SAFETY: every column is written by one task.
                let to = unsafe { shared.part(image * self.steps[0] + columns.start, columns.len()) };
                match add {
                    true => to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum),
                    false => to.copy_from_slice(sums),
                }
            }
        });
    }

    /// `dL/dW`, written over what was in `to`.
    pub(in crate::compute::engine) fn weight(&self, crew: &Crew, values: &[f32], gradient: &[f32], to: &mut [f32]) {
        let shared = Shared::new(to);
        crew.run(self.outputs.div_ceil(ROWS), &|task| {
            for row in range(task, ROWS, self.outputs) {
                // SAFETY: every row is written by one task.
                let line = unsafe { shared.part(row * self.inputs, self.inputs) };
                line.fill(0.0);
                for image in 0..self.batch {
                    let slope = gradient[image * self.steps[1] + row];
                    let values = &values[image * self.steps[0]..][..self.inputs];
                    line.iter_mut().zip(values).for_each(|(to, value)| *to += slope * value);
                }
            }
        });
    }
}

fn range(task: usize, each: usize, all: usize) -> Range<usize> {
    task * each..((task + 1) * each).min(all)
}

/// Sixteen sums side by side, added up at the end.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_definition_in_double_precision() {
        let linear = Linear { inputs: 1100, outputs: 37, steps: [1104, 48], batch: 3 };
        let number = |index: usize, salt: usize| ((index * 7919 + salt * 104_729) % 2003) as f32 / 1001.0 - 1.0;
        let of = |count: usize, salt: usize| (0..count).map(|index| number(index, salt)).collect::<Vec<f32>>();
        let (weight, bias) = (of(37 * 1100, 1), of(37, 2));
        let (x, dy) = (of(3 * 1104, 3), of(3 * 48, 4));
        let at = |values: &[f32], index: usize| f64::from(values[index]);
        let crew = Crew::new(2);
        let close = |got: f32, want: f64| assert!((f64::from(got) - want).abs() < 1e-3, "{got} for {want}");
        let (mut y, mut dx, mut dw) = (vec![9.0; 3 * 48], vec![1.0; 3 * 1104], vec![9.0; 37 * 1100]);
        linear.forward(&crew, (&weight, &bias), &x, &mut y);
        linear.input(&crew, &weight, &dy, &mut dx, true);
        linear.weight(&crew, &x, &dy, &mut dw);
        for image in 0..3 {
            for row in 0..37 {
                let sum: f64 = (0..1100).map(|i| at(&weight, row * 1100 + i) * at(&x, image * 1104 + i)).sum();
                close(y[image * 48 + row], sum + at(&bias, row));
            }
            for i in (0..1100).step_by(13) {
                let sum: f64 = (0..37).map(|row| at(&weight, row * 1100 + i) * at(&dy, image * 48 + row)).sum();
                close(dx[image * 1104 + i], 1.0 + sum);
            }
        }
        for index in (0..37 * 1100).step_by(101) {
            let (row, i) = (index / 1100, index % 1100);
            close(dw[index], (0..3).map(|image| at(&dy, image * 48 + row) * at(&x, image * 1104 + i)).sum());
        }
    }
}
