// The UNet of @unnoise/model-digits-8 as a LayersModel, with the weights of its ONNX file. The graph is that of tools/train/unet.py;
// layers have the names that the weights have in the file.

import { tensor } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';

import { Attention, GroupNorm, ScaleShift, TimestepEmbedding } from './layers.ts';
import type { Weight } from './onnx-weights.ts';

const [SIZE, CLASSES, GROUPS, HEADS] = [8, 11, 8, 4];
const [HIGH, LOW] = [16, 32];
const CONDITION = 2 * HIGH;

/** (sample [batch, 8, 8, 1], timestep [batch, 1], class [batch, 1]) to the prediction [batch, 8, 8, 1]. */
export function createUNet(weights: ReadonlyMap<string, Weight>): LayersModel {
  const sample = input({ shape: [SIZE, SIZE, 1] });
  const timestep = input({ shape: [1] });
  const label = input({ shape: [1] });
  const net = new Builder();
  const condition = net.condition(timestep, label);

  const high = net.block('downs.0.blocks.0', net.conv('conv_in', sample, HIGH), HIGH, condition);
  const shrunk = net.conv('shrinks.0', layers.zeroPadding2d({}).apply(high) as SymbolicTensor, HIGH, { stride: 2 });
  const low = net.attend('downs.1.attend', net.block('downs.1.blocks.0', shrunk, LOW, condition));
  const middle = net.attend('middle_attend', net.block('middle_in', low, LOW, condition));
  const back = net.block('middle_out', middle, LOW, condition);
  const up = net.attend('ups.1.attend', net.block('ups.1.blocks.0', join(back, low), LOW, condition));
  const grown = net.conv('grows.0', layers.upSampling2d({}).apply(up) as SymbolicTensor, HIGH);
  const last = net.block('ups.0.blocks.0', join(grown, high), HIGH, condition);
  const outputs = net.conv('conv_out', swish(net.norm(last)), 1);

  const unet = model({ inputs: [sample, timestep, label], outputs });
  setWeights(unet, weights, net.norms);
  return unet;
}

const swish = (x: SymbolicTensor): SymbolicTensor =>
  layers.activation({ activation: 'swish' }).apply(x) as SymbolicTensor;
const sum = (...parts: SymbolicTensor[]): SymbolicTensor => layers.add().apply(parts) as SymbolicTensor;
const join = (...parts: SymbolicTensor[]): SymbolicTensor => layers.concatenate().apply(parts) as SymbolicTensor;

class Builder {
  /** Names of the normalisations in the order of their use, which is that of their nameless weights in the file. */
  readonly norms: string[] = [];

  condition(timestep: SymbolicTensor, label: SymbolicTensor): SymbolicTensor {
    const waves = new TimestepEmbedding(CONDITION).apply(timestep) as SymbolicTensor;
    const time = this.#dense('time.mlp.2', swish(this.#dense('time.mlp.0', waves, CONDITION)), CONDITION);
    const embedding = layers.embedding({ name: 'label', inputDim: CLASSES, outputDim: CONDITION }).apply(label);
    return swish(sum(time, layers.flatten().apply(embedding) as SymbolicTensor));
  }

  /** Two convolutions; the condition scales and shifts the features between them. */
  block(name: string, x: SymbolicTensor, filters: number, condition: SymbolicTensor): SymbolicTensor {
    const first = this.conv(`${name}.conv_in`, swish(this.norm(x)), filters);
    const scaled = new ScaleShift().apply([this.norm(first), this.#dense(`${name}.condition`, condition, 2 * filters)]);
    const second = this.conv(`${name}.conv_out`, swish(scaled as SymbolicTensor), filters);
    const shortcut = x.shape.at(-1) === filters ? x : this.conv(`${name}.shortcut`, x, filters, { kernel: 1 });
    return sum(shortcut, second);
  }

  attend(name: string, x: SymbolicTensor): SymbolicTensor {
    const qkv = this.conv(`${name}.qkv`, this.norm(x), 3 * LOW, { kernel: 1 });
    const seen = new Attention(HEADS).apply(qkv) as SymbolicTensor;
    return sum(x, this.conv(`${name}.out`, seen, LOW, { kernel: 1 }));
  }

  norm(x: SymbolicTensor): SymbolicTensor {
    const name = `norm.${this.norms.length}`;
    this.norms.push(name);
    return new GroupNorm(name, GROUPS).apply(x) as SymbolicTensor;
  }

  /** With a stride the padding is the caller's: torch pads both sides alike, tfjs does not. */
  conv(name: string, x: SymbolicTensor, filters: number, { kernel = 3, stride = 1 } = {}): SymbolicTensor {
    const padding = stride === 1 ? 'same' : 'valid';
    return layers.conv2d({ name, filters, kernelSize: kernel, strides: stride, padding }).apply(x) as SymbolicTensor;
  }

  #dense(name: string, x: SymbolicTensor, units: number): SymbolicTensor {
    return layers.dense({ name, units }).apply(x) as SymbolicTensor;
  }
}

function setWeights(unet: LayersModel, weights: ReadonlyMap<string, Weight>, norms: readonly string[]): void {
  const nameless = [...weights.keys()].filter((name) => /^onnx::(Mul|Add)_\d+$/.test(name)).sort(byNumber);
  norms.forEach((name, i) => assign(unet, name, [nameless[2 * i]!, nameless[2 * i + 1]!], weights));
  const named = unet.layers.filter(({ name }) => weights.has(`${name}.weight`));
  for (const { name } of named) assign(unet, name, [`${name}.weight`, `${name}.bias`], weights);
}

const byNumber = (a: string, b: string): number => Number(a.split('_')[1]) - Number(b.split('_')[1]);

function assign(
  unet: LayersModel,
  layer: string,
  names: readonly string[],
  weights: ReadonlyMap<string, Weight>,
): void {
  const present = names.flatMap((name) => weights.get(name) ?? []);
  const tensors = present.map((weight) => {
    const { shape, values } = layer === 'label' ? weight : channelsLast(weight);
    return tensor(values, [...shape] as [number]);
  });
  unet.getLayer(layer).setWeights(tensors);
  for (const one of tensors) one.dispose();
}

/** torch has [out, in, ...kernel], tfjs [...kernel, in, out]. A [channels, 1, 1] of the file is one number per channel. */
function channelsLast({ shape, values }: Weight): Weight {
  const [out, into = 1, ...kernel] = shape as [number, ...number[]];
  if (shape.length === 1 || values.length === out) return { shape: [out], values };
  const area = kernel.reduce((a, b) => a * b, 1);
  const turned = new Float32Array(values.length);
  values.forEach((value, at) => {
    const [o, i, k] = [Math.floor(at / (into * area)), Math.floor(at / area) % into, at % area];
    turned[(k * into + i) * out + o] = value;
  });
  return { shape: [...kernel, into, out], values: turned };
}
