#!/bin/sh
# Runs this pack on a machine with a GPU: nothing is built or fetched. Results go to $OUT, or to results/.
# Usage: run.sh [DEVICE [ARGUMENTS OF godwit-gpu]]; cpu:0 rehearses where there is no GPU.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$here/results}

if [ $# -gt 0 ]; then
    device=$1
    shift
elif [ -e /dev/nvidiactl ]; then
    device=cuda:0
elif [ -e /dev/kfd ]; then
    device=rocm:0
else
    echo "there is no GPU here: neither /dev/nvidiactl (NVIDIA) nor /dev/kfd (AMD) exists" >&2
    exit 2
fi
for program in godwit godwit-gpu; do
    gzip -dc "$here/$program.gz" > "$here/$program" && chmod +x "$here/$program" || exit 1
done

# NVIDIA's libraries from Python packages.
folders=$(python3 -c '
import glob, sys
print(":".join(p for s in sys.path if s for p in sorted(glob.glob(s + "/nvidia/*/lib"))))
' 2>/dev/null)
export LD_LIBRARY_PATH="${folders:+$folders:}${LD_LIBRARY_PATH:-}"
export NVIDIA_TF32_OVERRIDE=0
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-${TMPDIR:-/tmp}/godwit-cache}"
if [ -z "${CUDA_HOME:-}" ] && [ ! -d /usr/local/cuda ]; then
    CUDA_HOME=$(python3 -c '
import glob, sys
found = [p for s in sys.path if s for p in glob.glob(s + "/nvidia/*/include/cuda_fp16.h")]
print(found[0][: -len("/include/cuda_fp16.h")] if found else "")
' 2>/dev/null)
    [ -n "$CUDA_HOME" ] && export CUDA_HOME
fi

# The language model is transferred in pieces, if at all.
pieces=${TMPDIR:-/tmp}/godwit-minilm
if [ -f "$pieces/minilm.onnx.2" ] && [ ! -f "$here/minilm/minilm.onnx" ]; then
    mkdir -p "$here/minilm"
    cat "$pieces"/minilm.onnx.* > "$here/minilm/minilm.onnx"
    cp "$pieces/tokenizer.json" "$here/minilm/"
fi

mkdir -p "$out"
echo "libraries: $LD_LIBRARY_PATH" | tee "$out/gpu.log"
command -v nvidia-smi >/dev/null && nvidia-smi -L | tee -a "$out/gpu.log"
timeout 120 "$here/godwit" devices --json > "$out/devices.json" 2>> "$out/gpu.log"
{
    timeout "${LIMIT:-540}" "$here/godwit-gpu" --device "$device" --pack "$here" --out "$out" \
        --commit "$(cat "$here/COMMIT")" "$@" 2>&1
    echo $? > "$out/status"
} | tee -a "$out/gpu.log"
exit "$(cat "$out/status")"
