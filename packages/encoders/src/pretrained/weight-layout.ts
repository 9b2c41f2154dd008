/** Where a parameter's values stand in a checkpoint. */
export interface WeightPlace {
  readonly name: string;
  /** Which third of the rows, where one tensor holds query, key and value one after the other. */
  readonly third?: 0 | 1 | 2;
}

/** How a kind of checkpoint names the weights of an encoder. */
export interface WeightLayout {
  readonly kind: 'Hugging Face CLIP' | 'OpenAI or open_clip' | 'BERT';
  /** What stands before the names of the encoder's parts. */
  readonly prefix: string;
  /** The places where a parameter of ours may stand, the usual one first. */
  places(parameter: string): readonly WeightPlace[];
  /** Whether a tensor belongs to the encoder, whatever it is. */
  isOfEncoder(name: string): boolean;
}

/** Tensors that number places and are no parameters. */
const buffer = /\.(position_ids|token_type_ids)$/;

/** The layout of a checkpoint's image encoder by the name of its patch map, or undefined where it has none that is known. */
export function visionLayout(names: Iterable<string>): WeightLayout | undefined {
  const all = [...names];
  return clipLayout(all) ?? openClipLayout(all);
}

/** The layout of a checkpoint's text encoder by the name of its table of words, or undefined where it has none that is known. */
export function bertLayout(names: Iterable<string>): WeightLayout | undefined {
  const prefix = prefixBefore([...names], 'embeddings.word_embeddings.weight');
  if (prefix === undefined) return undefined;
  return {
    kind: 'BERT',
    prefix,
    // The first checkpoints call scale and shift of a normalization gamma and beta.
    places: (parameter) => {
      const name = `${prefix}${parameter}`;
      const older = name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
      return older === name ? [{ name }] : [{ name }, { name: older }];
    },
    isOfEncoder: within(prefix, ['embeddings', 'encoder']),
  };
}

function clipLayout(names: readonly string[]): WeightLayout | undefined {
  const prefix = prefixBefore(names, 'embeddings.patch_embedding.weight');
  if (prefix === undefined) return undefined;
  return {
    kind: 'Hugging Face CLIP',
    prefix,
    places: (parameter) => [{ name: `${prefix}${parameter}` }],
    isOfEncoder: within(prefix, ['embeddings', 'pre_layrnorm', 'encoder', 'post_layernorm']),
  };
}

function openClipLayout(names: readonly string[]): WeightLayout | undefined {
  const prefix = prefixBefore(names, 'conv1.weight');
  if (prefix === undefined || !names.includes(`${prefix}class_embedding`)) return undefined;
  return {
    kind: 'OpenAI or open_clip',
    prefix,
    places: (parameter) => {
      const { name, ...third } = openClipPlace(parameter);
      return [{ name: `${prefix}${name}`, ...third }];
    },
    isOfEncoder: within(prefix, [
      ...['class_embedding', 'positional_embedding', 'conv1', 'ln_pre', 'transformer', 'ln_post'],
    ]),
  };
}

const openClipNames: Readonly<Record<string, string>> = {
  'embeddings.class_embedding': 'class_embedding',
  'embeddings.patch_embedding.weight': 'conv1.weight',
  'embeddings.position_embedding.weight': 'positional_embedding',
};

const openClipParts: readonly (readonly [RegExp, string])[] = [
  [/^pre_layrnorm\./, 'ln_pre.'],
  [/^post_layernorm\./, 'ln_post.'],
  [/^encoder\.layers\./, 'transformer.resblocks.'],
  [/\.layer_norm([12])\./, '.ln_$1.'],
  [/\.self_attn\.out_proj\./, '.attn.out_proj.'],
  [/\.mlp\.fc1\./, '.mlp.c_fc.'],
  [/\.mlp\.fc2\./, '.mlp.c_proj.'],
];

function openClipPlace(parameter: string): WeightPlace {
  const known = openClipNames[parameter];
  if (known !== undefined) return { name: known };
  const renamed = openClipParts.reduce((name, [pattern, there]) => name.replace(pattern, there), parameter);
  const [, before, part, what] = /^(.*)\.self_attn\.([qkv])_proj\.(weight|bias)$/.exec(renamed) ?? [];
  if (part === undefined) return { name: renamed };
  return { name: `${before}.attn.in_proj_${what}`, third: 'qkv'.indexOf(part) as 0 | 1 | 2 };
}

function within(prefix: string, parts: readonly string[]): (name: string) => boolean {
  return (name) => {
    if (!name.startsWith(prefix) || buffer.test(name)) return false;
    return parts.includes(name.slice(prefix.length).split('.')[0] as string);
  };
}

/** What stands before a name; where several tensors end in it, the shortest. */
function prefixBefore(names: readonly string[], name: string): string | undefined {
  const before = names
    .filter((each) => each === name || each.endsWith(`.${name}`))
    .map((each) => each.slice(0, each.length - name.length));
  return before.sort((a, b) => a.length - b.length)[0];
}
