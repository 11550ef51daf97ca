"""Rows of bytes, mixed two by two: the one inner loop that no library offers.

Resampling along one axis is a weighted mean of two neighbouring rows for every
row that comes out. It is written in LLVM's assembly language, which LLVM turns
into whatever vectors this processor has; that takes hundredths of a second,
once in a process, and needs no compiler and no cache. Called without the
interpreter's lock.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from render.pictures.colour import Plane

WHOLE = 256
"""The sum of the two weights; what is beyond eight bits is rounded to the nearest."""

# A byte times 256, and the half that rounds it, just fit into sixteen bits.
_MIX = r"""
define void @mix(ptr noalias readonly %source, i64 %pitch,
                 ptr noalias readonly %firsts, ptr noalias readonly %shares,
                 ptr noalias %target, i64 %step, i64 %rows, i64 %columns) {
start:
  br label %row

row:
  %y = phi i64 [ 0, %start ], [ %y.next, %row.end ]
  %first.at = getelementptr i64, ptr %firsts, i64 %y
  %first = load i64, ptr %first.at
  %first.offset = mul i64 %first, %pitch
  %upper = getelementptr i8, ptr %source, i64 %first.offset
  %lower = getelementptr i8, ptr %upper, i64 %pitch
  %share.at = getelementptr i16, ptr %shares, i64 %y
  %share = load i16, ptr %share.at
  %rest = sub i16 256, %share
  %out.offset = mul i64 %y, %step
  %out = getelementptr i8, ptr %target, i64 %out.offset
  br label %column

column:
  %x = phi i64 [ 0, %row ], [ %x.next, %column ]
  %upper.at = getelementptr i8, ptr %upper, i64 %x
  %lower.at = getelementptr i8, ptr %lower, i64 %x
  %out.at = getelementptr i8, ptr %out, i64 %x
  %upper.byte = load i8, ptr %upper.at
  %lower.byte = load i8, ptr %lower.at
  %a = zext i8 %upper.byte to i16
  %b = zext i8 %lower.byte to i16
  %a.weighted = mul i16 %a, %rest
  %b.weighted = mul i16 %b, %share
  %sum = add i16 %a.weighted, %b.weighted
  %rounded = add i16 %sum, 128
  %mean = lshr i16 %rounded, 8
  %mixed = trunc i16 %mean to i8
  store i8 %mixed, ptr %out.at
  %x.next = add nuw i64 %x, 1
  %row.done = icmp eq i64 %x.next, %columns
  br i1 %row.done, label %row.end, label %column

row.end:
  %y.next = add nuw i64 %y, 1
  %done = icmp eq i64 %y.next, %rows
  br i1 %done, label %end, label %row

end:
  ret void
}
"""


def mix_rows(
    source: Plane,
    target: Plane,
    *,
    firsts: npt.NDArray[np.int64],
    shares: npt.NDArray[np.uint16],
) -> None:
    """Fill each row of `target` with a mix of two neighbouring rows of `source`.

    Row y gets `shares[y]` 256ths of source row `firsts[y] + 1`, and of row
    `firsts[y]` the rest. Raises `ValueError` where memory that is not the
    planes' would be touched.
    """
    rows, columns = target.shape
    fits = source.shape[1] == columns and firsts.size == shares.size == rows
    packed = source.strides[1] == target.strides[1] == 1
    if not (fits and packed and rows and columns):
        raise ValueError((source.shape, target.shape, firsts.shape, shares.shape))
    if firsts.min() < 0 or firsts.max() + 1 >= source.shape[0] or shares.max() > WHOLE:
        raise ValueError((firsts.min(), firsts.max(), shares.max()))
    _compile()(
        source.ctypes.data,
        source.strides[0],
        np.ascontiguousarray(firsts).ctypes.data,
        np.ascontiguousarray(shares).ctypes.data,
        target.ctypes.data,
        target.strides[0],
        rows,
        columns,
    )


# The engine owns the machine code, and must live as long as anyone may call it.
_engines: list[Any] = []


@cache
def _compile() -> Callable[..., None]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
    )
    module = llvm.parse_assembly(_MIX)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = True
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    _engines.append(engine)
    place = cast("int", engine.get_function_address("mix"))
    address, size = ctypes.c_void_p, ctypes.c_int64
    signature = ctypes.CFUNCTYPE(None, address, size, address, address, address, size, size, size)
    return signature(place)
