//! Convolution as matrix multiplication: the input's windows become the columns of a matrix (im2col).
//!
//! With groups it is one product a group, a batch of them; padding, stride and dilation, alike or not on the two
//! axes, are only a matter of which value goes into a column.

use std::ops::Range;

use candle_core::{Result, Tensor};

use super::super::buffer;
use crate::network::graph::{Conv2d, Shape};

/// The most numbers a matrix of columns holds (64 MiB); larger images are done in strips of rows.
const MAX_COLUMNS: usize = 16 << 20;

/// `[C, H, W] → [out_channels, H', W']`, bias left out. `weight` is `[out_channels, C / groups, kh, kw]`.
pub(super) fn conv2d(conv: &Conv2d, input: &Tensor, from: Shape, to: Shape, weight: &Tensor) -> Result<Tensor> {
    let window = from.channels() / conv.groups * conv.kernel[0] * conv.kernel[1];
    let matrix = weight.reshape((conv.groups, conv.out_channels / conv.groups, window))?;
    if is_pointwise(conv) {
        let columns = input.reshape((conv.groups, window, from.height() * from.width()))?;
        return matrix.matmul(&columns)?.flatten_all();
    }
    let rows = (MAX_COLUMNS / (conv.groups * window * to.width()).max(1)).clamp(1, to.height());
    in_strips(conv, &matrix, input, from, to, rows)
}

fn is_pointwise(conv: &Conv2d) -> bool {
    conv.kernel == [1, 1] && conv.stride == [1, 1] && conv.padding == [0, 0]
}

/// Multiplies strip by strip, `rows` rows of the output at a time.
fn in_strips(conv: &Conv2d, matrix: &Tensor, input: &Tensor, from: Shape, to: Shape, rows: usize) -> Result<Tensor> {
    let window = matrix.dim(2)?;
    let product = |strip: Range<usize>| {
        let positions = strip.len() * to.width();
        let columns = buffer::read(input, |input| columns(conv, input, from, strip, to.width()))?;
        let columns = buffer::from_vec(columns)?.reshape((conv.groups, window, positions))?;
        matrix.matmul(&columns)?.flatten_all()
    };
    if rows >= to.height() {
        return product(0..to.height());
    }
    let mut output = vec![0.0; to.elements()];
    for start in (0..to.height()).step_by(rows) {
        let strip = start..(start + rows).min(to.height());
        let length = strip.len() * to.width();
        buffer::read(&product(strip)?, |values| {
            let planes = output.chunks_exact_mut(to.height() * to.width());
            for (plane, values) in planes.zip(values.chunks_exact(length)) {
                plane[start * to.width()..][..length].copy_from_slice(values);
            }
        })?;
    }
    buffer::from_vec(output)
}

/// The windows of these output rows, `[C, kh, kw, rows, width]`: each kernel position is a row of the matrix.
fn columns(conv: &Conv2d, input: &[f32], from: Shape, rows: Range<usize>, width: usize) -> Vec<f32> {
    let [kernel_height, kernel_width] = conv.kernel;
    let length = rows.len() * width;
    let mut matrix = vec![0.0; from.channels() * kernel_height * kernel_width * length];
    let mut lines = matrix.chunks_exact_mut(length.max(1));
    for plane in input.chunks_exact((from.height() * from.width()).max(1)) {
        for ky in 0..kernel_height {
            for kx in 0..kernel_width {
                if let Some(line) = lines.next() {
                    shift(conv, [ky, kx], plane, from, rows.clone(), line, width);
                }
            }
        }
    }
    matrix
}

/// Copies what one kernel position sees at each output position; what lies in the padding stays zero.
fn shift(
    conv: &Conv2d,
    at: [usize; 2],
    plane: &[f32],
    from: Shape,
    rows: Range<usize>,
    line: &mut [f32],
    width: usize,
) {
    let [stride_y, stride_x] = conv.stride;
    let offset = at[1] * conv.dilation[1];
    // Output columns x with 0 <= x·stride + offset − padding < input width.
    let first = conv.padding[1].saturating_sub(offset).div_ceil(stride_x);
    let end = (from.width() + conv.padding[1]).saturating_sub(offset).div_ceil(stride_x).min(width);
    if first >= end {
        return;
    }
    let start = first * stride_x + offset - conv.padding[1];
    for (y, line) in rows.zip(line.chunks_exact_mut(width)) {
        let source = (y * stride_y + at[0] * conv.dilation[0]).checked_sub(conv.padding[0]);
        let Some(row) = source.filter(|row| *row < from.height()) else { continue };
        let row = &plane[row * from.width()..][..from.width()];
        let target = &mut line[first..end];
        if stride_x == 1 {
            target.copy_from_slice(&row[start..start + (end - first)]);
        } else {
            target.iter_mut().zip(row[start..].iter().step_by(stride_x)).for_each(|(target, value)| *target = *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_give_what_the_whole_gives() -> Result<()> {
        let conv = Conv2d { stride: [2, 1], dilation: [1, 2], ..Conv2d::new(6, 3).groups(2) };
        let (from, to) = (Shape::map(4, 11, 9), Shape::map(6, 6, 7));
        let number = |index: usize| ((index * 37 % 101) as f32 - 50.0) / 50.0;
        let input = buffer::from_vec((0..from.elements()).map(number).collect())?;
        let matrix = buffer::from_vec((0..6 * 18).map(number).collect())?.reshape((2, 3, 18))?;
        let whole = buffer::to_vec(&in_strips(&conv, &matrix, &input, from, to, 6)?)?;
        for rows in [1, 4] {
            assert_eq!(buffer::to_vec(&in_strips(&conv, &matrix, &input, from, to, rows)?)?, whole);
        }
        Ok(())
    }
}
