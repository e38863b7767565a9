# SPDX-License-Identifier: Apache-2.0
# CMake's toolchain file for bare Cortex-M with Debian's gcc-arm-none-eabi; OTABAHN_CPU names the core.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OTABAHN_CPU)
set(OTABAHN_CPU cortex-m4 CACHE STRING "The core that is built for: cortex-m3, cortex-m4, cortex-m7 …")
set(CMAKE_C_FLAGS_INIT "-mcpu=${OTABAHN_CPU} -mthumb")
set(CMAKE_CXX_FLAGS_INIT "-mcpu=${OTABAHN_CPU} -mthumb")
set(CMAKE_CXX_FLAGS_MINSIZEREL "-Os -DNDEBUG")
set(CMAKE_C_FLAGS_MINSIZEREL "-Os -DNDEBUG")
