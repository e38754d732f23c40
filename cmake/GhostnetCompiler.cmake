# How every file of the project is compiled and linked.
#
# A run must repeat bit for bit on another machine, so nothing here may let the result depend on the processor:
# no -march=native, no -ffast-math, and no fusing of a multiplication with an addition (-ffp-contract=off).
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Sources joined where a build wants it (CMAKE_UNITY_BUILD): so many that what they share is read and unfolded a few times.
if(NOT DEFINED CMAKE_UNITY_BUILD_BATCH_SIZE)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

# The build tree is laid out like an installation, so that a program finds its modules in both by one relative path.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_BINDIR}")
set(GHOSTNET_MODULE_DIR "${CMAKE_INSTALL_LIBDIR}/ghostnet")

# -fPIC for all: the folders' archives end up in programs and in modules, and one precompiled header serves both.
add_compile_options(-fPIC -Wall -Wextra -Wpedantic -ffp-contract=off)
if(GHOSTNET_WERROR)
  add_compile_options(-Werror)
endif()

# Release keeps assertions: a broken invariant stops the run instead of spoiling its results.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g -D_GLIBCXX_ASSERTIONS")
# Assertions name files as the tree does, whether the compiler was given absolute paths or relative ones.
cmake_path(RELATIVE_PATH PROJECT_SOURCE_DIR BASE_DIRECTORY "${PROJECT_BINARY_DIR}" OUTPUT_VARIABLE tree_from_build)
add_compile_options("-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=" "-fmacro-prefix-map=${tree_from_build}/=")
if(NOT GHOSTNET_ASSERTS)
  add_compile_definitions(NDEBUG)
endif()

option(GHOSTNET_DEBUG_INFO "Tell debuggers and sanitizers of sources and lines" ON)
if(NOT GHOSTNET_DEBUG_INFO)
  add_compile_options(-g0)
endif()

if(GHOSTNET_SANITIZE)
  # At -O1 the suite runs three times as fast as at -O0, and the frames in a report are still those of the source.
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -D_GLIBCXX_ASSERTIONS -fno-omit-frame-pointer")
  add_compile_options(-fsanitize=${GHOSTNET_SANITIZE} -fno-sanitize-recover=all)
  if(GHOSTNET_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=function)  # a plug-in's entry is found by name, and is of the plug-in's own types
    if(GHOSTNET_SANITIZE MATCHES "address")
      # What these would find, an access through a null pointer or past an object, the address sanitizer finds. A sixth of
      # the time of a build goes into them.
      add_compile_options(-fno-sanitize=null,object-size)
    endif()
  endif()
  add_link_options(-fsanitize=${GHOSTNET_SANITIZE})
endif()
# What shows a fuzzer where an input led. Beside tests, which run the same libraries, it is what costs them little: the
# counters of branches, without the operands of comparisons.
if(GHOSTNET_FUZZERS AND GHOSTNET_TESTS)
  add_compile_options(-fsanitize-coverage=inline-8bit-counters,pc-table)
elseif(GHOSTNET_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")  # a precompiled header is its content: ccache can keep it
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER OR CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache$")
  find_program(GHOSTNET_CCACHE ccache)
  if(GHOSTNET_CCACHE)
    # Clones of the tree share what they compiled, and precompiled headers count by their content.
    set(CMAKE_CXX_COMPILER_LAUNCHER env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_ABSSTDERR=1 CCACHE_SLOPPINESS=pch_defines,time_macros "${GHOSTNET_CCACHE}")
  endif()
endif()

# ghostnet_precompiled(<name> [LINK <target>...] [OPTIONS <option>...] [HEADERS <file or <header>>...])
#
# Headers to compile once for many targets: those of precompiled.hpp, and HEADERS. Most of the time that a small file takes goes into those.
option(GHOSTNET_PCH "Precompile the standard library, fmt, GoogleTest and Qt" ON)
function(ghostnet_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK;OPTIONS;HEADERS")
  add_library(${name} OBJECT "${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp")
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_link_libraries(${name} PRIVATE fmt::fmt ${arg_LINK})
  if(GHOSTNET_PCH)
    target_precompile_headers(${name} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp" ${arg_HEADERS})
  endif()
endfunction()

# ghostnet_precompile(<target> <precompiled>): compiles the target with what ghostnet_precompiled(<precompiled>) made.
function(ghostnet_precompile target precompiled)
  if(GHOSTNET_PCH)
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
  endif()
endfunction()

# Cold code takes little of any test's time: where sanitizers are built in it is not optimized, and compiles in half the
# time.
set(GHOSTNET_COLD_OPTIONS)
if(GHOSTNET_SANITIZE)
  set(GHOSTNET_COLD_OPTIONS -O0)
endif()
