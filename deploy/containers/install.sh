#!/bin/sh
# Fills /opt/reelwright with what a lock names, by its hashes, and with the wheel; then leaves out what
# no process reads. What it is given after the lock are modules: they and what they import are compiled
# here, since a read-only root keeps nothing that is compiled later.
set -eu
lock=$1
shift
into() {
    /tools/bin/pip --python /opt/reelwright/bin/python install --no-cache-dir --no-compile --no-deps "$@"
}
into --only-binary :all: --require-hashes --requirement "$lock"
into --no-index /wheels/*.whl

cd /opt/reelwright/lib/python3.*/site-packages
# Amazon's other three hundred services, and a test suite that a wheel carries by mistake.
find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -r {} +
rm -rf tests
# Debugging symbols, a third of some modules. What was patched to find libraries beside it is left
# alone: strip breaks the alignment that the patch relies on.
find . -name '*.so' ! -path '*.libs/*' | while read -r module; do
    readelf -d "$module" | grep -qE 'RPATH|RUNPATH' || strip --strip-debug "$module"
done

/opt/reelwright/bin/python -m compileall -q cms_bridge daemon migrations render
for module; do
    PYTHONDONTWRITEBYTECODE='' /opt/reelwright/bin/python -c "import $module"
done
