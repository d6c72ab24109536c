// The help texts.

const main = `Usage: unnoise <command> [options]

Diffusion sampling with the numbers of Hugging Face diffusers.

Commands
  generate            pictures from an ONNX model
  inspect <folder>    what a model folder holds, and which packages it needs
  schedulers          every scheduler with its package, its paper and whose configs it takes
  export-step <name>  a scheduler's steps as ONNX graphs and a table of coefficients

Options
  --help              this text; unnoise <command> --help tells about one command
  --version           the version
  --debug             on failure, print the stack

Exit codes: 0 done, 1 failure, 2 wrong arguments, 130 interrupted.`;

const generate = `Usage: unnoise generate ["prompt" ...] [options]

Draws pictures and writes them as PNG: unnoise generate "red apple" --style fluent --steps 12

  -m, --model <folder>     a folder in diffusers' layout with ONNX graphs, or the name of an
                           installed model package (default: @unnoise/model-emoji-ldm-64 for
                           prompts, else @unnoise/model-fashion-28)
  -s, --scheduler <name>   class, short name or sampler: ddim, euler, unipc, "DPM++ 2M Karras", ...
                           (default: the one in the model's config)
  -n, --steps <n>          steps (default 50)
      --seed <n>           picture i has the seed n + i, whatever the batch (default: random)
  -g, --guidance <x>       classifier-free guidance (default: the model's own; 1: none)
      --eta <x>            share of fresh noise, for schedulers that have it
      --style <names>      styles of the prompts, separated by commas: a row of pictures for each
      --negative <text>    what guidance leads away from
  -i, --image <png>        start from this picture, brought to the model's size
      --strength <x>       how far to go from it, 0 to 1 (default 0.8; with a mask 1)
      --mask <png>         with --image: paint where this is light, keep the rest
  -c, --class <names>      classes by name or number, separated by commas
                           (default: all of a model's classes, up to 20)
      --count <n>          pictures of each class or prompt (default: 8 of each where all are drawn, else 1)
  -b, --batch <n>          pictures computed at once (default 8)
  -o, --output, --out <path>
                           a .png for one picture or a grid, or a folder for one file each
                           (default: unnoise-<seed>.png)
      --grid <columns>     columns of the grid (default: a row for each class)
      --size <n>           each pixel becomes n x n (default: whole pictures of about 112)
  -p, --preview            show the prediction of each step in the terminal
      --preview-png <path> write the prediction of each step to this PNG
      --import <module>    load a module first, for schedulers of your own
      --debug              on failure, print the stack

Ctrl-C stops between two steps; no file is left half-written.`;

const inspect = `Usage: unnoise inspect <folder>

Lists the parts of a model folder with their inputs and outputs, its scheduler and the schedulers
that can take its place, and the packages it needs. A model package's name will do for a folder.

      --debug              on failure, print the stack`;

const schedulers = `Usage: unnoise schedulers

Lists every scheduler with its short name, its package, its paper, and the classes whose configs it
takes; then those that only diffusers has. All of them come along with this command.

      --import <module>    load a module first, for schedulers of your own
      --debug              on failure, print the stack`;

const exportStep = `Usage: unnoise export-step <scheduler> [options]

Writes the steps of a scheduler as ONNX graphs, for loops in any runtime: step.onnx takes the
coefficients as an input, and step.json tells them for every step, with the timestep and where the
other inputs come from. Steps of another structure get graphs of their own: step.2.onnx, ...

      --config <file>      a scheduler_config.json, or the folder of a model (default: the class's own)
  -o, --out <file>         default step.onnx
  -n, --steps <n>          steps (default 50)
      --shape <sizes>      of the sample (default 1,4,64,64); most graphs take every size of its rank
      --output-shape <..>  of the model's output, where it differs
      --dtype <type>       of the sample: float32 (default), float16 or int32
      --import <module>    load a module first, for schedulers of your own
      --debug              on failure, print the stack`;

export const HELP: Readonly<Record<'' | 'generate' | 'inspect' | 'schedulers' | 'export-step', string>> = {
  '': main,
  generate,
  inspect,
  schedulers,
  'export-step': exportStep,
};
