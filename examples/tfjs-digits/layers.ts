// The four layers of the UNet that tfjs-layers does not have. Pictures are [batch, height, width, channels], as everywhere in tfjs.

import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';

type Inputs = tf.Tensor | tf.Tensor[];
const list = (inputs: Inputs): tf.Tensor[] => (Array.isArray(inputs) ? inputs : [inputs]);
const only = (inputs: Inputs): tf.Tensor => list(inputs)[0]!;

/** Sines and cosines of the timestep: [batch, 1] to [batch, width]. */
export class TimestepEmbedding extends layers.Layer {
  static readonly className = 'TimestepEmbedding';
  readonly #width: number;

  constructor(width: number) {
    super({});
    this.#width = width;
  }

  override computeOutputShape([batch]: Shape): Shape {
    return [batch!, this.#width];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const half = this.#width / 2;
      const frequencies = tf.exp(tf.mul(tf.range(0, half), -Math.log(10_000) / half));
      const angle = tf.mul(only(inputs), tf.expandDims(frequencies, 0));
      return tf.concat([tf.sin(angle), tf.cos(angle)], 1);
    });
  }
}

/** Mean 0 and variance 1 within each group of channels, then a scale and a shift per channel. */
export class GroupNorm extends layers.Layer {
  static readonly className = 'GroupNorm';
  readonly #groups: number;
  #gamma!: LayerVariable;
  #beta!: LayerVariable;

  constructor(name: string, groups: number) {
    super({ name });
    this.#groups = groups;
  }

  override build(shape: Shape | Shape[]): void {
    const channels = (shape as Shape).at(-1)!;
    this.#gamma = this.addWeight('gamma', [channels], 'float32', initializers.ones());
    this.#beta = this.addWeight('beta', [channels], 'float32', initializers.zeros());
    super.build(shape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const x = only(inputs);
      const [batch, height, width, channels] = x.shape as [number, number, number, number];
      const grouped = tf.reshape(x, [batch, height * width, this.#groups, channels / this.#groups]);
      const { mean, variance } = tf.moments(grouped, [1, 3], true);
      const normal = tf.div(tf.sub(grouped, mean), tf.sqrt(tf.add(variance, 1e-5)));
      return tf.add(tf.mul(tf.reshape(normal, x.shape), this.#gamma.read()), this.#beta.read());
    });
  }
}

/** Features [batch, h, w, c] scaled and shifted per channel by a condition [batch, 2c]. */
export class ScaleShift extends layers.Layer {
  static readonly className = 'ScaleShift';

  override computeOutputShape(shapes: Shape | Shape[]): Shape {
    return (shapes as Shape[])[0]!;
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const [x, condition] = list(inputs) as [tf.Tensor, tf.Tensor];
      const [scale, shift] = tf.split(tf.reshape(condition, [-1, 1, 1, condition.shape[1]!]), 2, 3) as [
        tf.Tensor,
        tf.Tensor,
      ];
      return tf.add(tf.mul(x, tf.add(scale, 1)), shift);
    });
  }
}

/** Every position looks at every other one: queries, keys and values [batch, h, w, 3c] to [batch, h, w, c]. */
export class Attention extends layers.Layer {
  static readonly className = 'Attention';
  readonly #heads: number;

  constructor(heads: number) {
    super({});
    this.#heads = heads;
  }

  override computeOutputShape(shape: Shape | Shape[]): Shape {
    const [batch, height, width, channels] = shape as number[];
    return [batch!, height!, width!, channels! / 3];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const [batch, height, width, channels] = only(inputs).shape as [number, number, number, number];
      const perHead = channels / 3 / this.#heads;
      const [q, k, v] = tf.split(only(inputs), 3, 3).map((part) => {
        const heads = tf.reshape(part, [batch, height * width, this.#heads, perHead]);
        return tf.transpose(heads, [0, 2, 1, 3]);
      }) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const weights = tf.softmax(tf.mul(tf.matMul(q, k, false, true), perHead ** -0.5));
      const seen = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]);
      return tf.reshape(seen, [batch, height, width, channels / 3]);
    });
  }
}
