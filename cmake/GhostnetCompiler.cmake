# How every file of the project is compiled and linked.
#
# A run must repeat bit for bit on another machine, so nothing here may let the result depend on the processor:
# no -march=native, no -ffast-math, and no fusing of a multiplication and an addition (-ffp-contract=off).
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the folders' archives end up in programs and in modules
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

# The build tree is laid out like an installation, so that a program finds its modules in both by one relative path.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_BINDIR}")
set(GHOSTNET_MODULE_DIR "${CMAKE_INSTALL_LIBDIR}/ghostnet")

add_compile_options(-Wall -Wextra -Wpedantic -ffp-contract=off)
if(GHOSTNET_WERROR)
  add_compile_options(-Werror)
endif()

# Release keeps assertions: a broken invariant stops the run instead of spoiling its results.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
if(NOT GHOSTNET_ASSERTS)
  string(APPEND CMAKE_CXX_FLAGS_RELEASE " -DNDEBUG")
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g -D_GLIBCXX_ASSERTIONS")

if(GHOSTNET_SANITIZE)
  add_compile_options(-fsanitize=${GHOSTNET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GHOSTNET_SANITIZE})
endif()
if(GHOSTNET_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(GHOSTNET_CCACHE ccache)
  if(GHOSTNET_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${GHOSTNET_CCACHE}")
  endif()
endif()
