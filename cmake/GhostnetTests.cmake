# Programs of tests. ctest gets one entry per GoogleTest suite, listed by the program itself after it was linked:
# fewer processes than an entry per case, and a failure still has an address.
#
# The code of the tests themselves is not optimized, in any build: what GoogleTest unfolds in it would take half of the
# time of a whole build, and what is tested is in the libraries. Tests whose subject stands in headers are named as
# OPTIMIZED, and compiled as the libraries are.
set(GHOSTNET_TEST_OPTIONS -O0)

# ghostnet_patience(<test> <seconds>): how long the test may take; three times as long where sanitizers slow it down.
function(ghostnet_patience test seconds)
  if(GHOSTNET_SANITIZE)
    math(EXPR seconds "3 * ${seconds}")
  endif()
  set_tests_properties(${test} PROPERTIES TIMEOUT ${seconds})
endfunction()

# ghostnet_unit_tests(<name> [FOLDER <dir>] [DEPENDS <folder or target>...] [LABELS <label>...] [OPTIMIZED <test>...]
#                     [PRECOMPILED <target>])
#
# One program, <name>_tests, out of all *_test.cpp of the folder (the caller's by default). It links ghostnet::<name>
# where there is such a library, and what DEPENDS says. OPTIMIZED names files, without _test.cpp. Files are joined as a
# library's are: each keeps its helpers in a namespace of its own, called as the file is.
function(ghostnet_unit_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER;PRECOMPILED" "DEPENDS;LABELS;OPTIMIZED")
  if(NOT arg_FOLDER)
    set(arg_FOLDER "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${arg_FOLDER}/*_test.cpp")
  if(NOT sources)
    return()
  endif()
  if(TARGET ghostnet_${name})
    list(PREPEND arg_DEPENDS ${name})
  endif()
  ghostnet_targets_of(libraries ${arg_DEPENDS})

  set(target ${name}_tests)
  set(objects "")
  if(arg_OPTIMIZED)
    list(TRANSFORM arg_OPTIMIZED REPLACE ".+" "${arg_FOLDER}/\\0_test.cpp" OUTPUT_VARIABLE optimized)
    list(REMOVE_ITEM sources ${optimized})
    add_library(${target}_optimized OBJECT ${optimized})
    target_include_directories(${target}_optimized PRIVATE "${arg_FOLDER}")
    target_link_libraries(${target}_optimized PRIVATE ${libraries} GTest::gmock GTest::gtest)
    ghostnet_precompile(${target}_optimized ghostnet_pch)
    set(objects $<TARGET_OBJECTS:${target}_optimized>)
  endif()

  list(JOIN arg_LABELS "\\;" labels)
  add_executable(${target} ${objects} ${sources})
  target_include_directories(${target} PRIVATE "${arg_FOLDER}")
  target_link_libraries(${target} PRIVATE ${libraries} GTest::gmock GTest::gtest GTest::gtest_main)

  # Of an inline function that several files have the linker takes the first one's, which shall be an optimized one.
  foreach(word IN LISTS arg_DEPENDS)
    if(TARGET ghostnet_${word})
      get_target_property(type ghostnet_${word} TYPE)
      if(type STREQUAL "STATIC_LIBRARY")
        target_link_options(${target} PRIVATE
          "LINKER:--push-state,--whole-archive,$<TARGET_FILE:ghostnet_${word}>,--pop-state")
      endif()
    endif()
  endforeach()

  target_compile_options(${target} PRIVATE ${GHOSTNET_TEST_OPTIONS})
  if(arg_PRECOMPILED)
    ghostnet_precompile(${target} ${arg_PRECOMPILED})
  else()
    ghostnet_precompile(${target} ghostnet_test_pch)
  endif()

  set(listing "${CMAKE_CURRENT_BINARY_DIR}/${target}.ctest.cmake")
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${target}> -D PREFIX=${name} -D LISTING=${listing}
            -D "LABELS=${labels}" -P "${PROJECT_SOURCE_DIR}/cmake/ListTestSuites.cmake"
    BYPRODUCTS "${listing}" VERBATIM)
  set(guard "${CMAKE_CURRENT_BINARY_DIR}/${target}.guard.cmake")
  file(CONFIGURE OUTPUT "${guard}" @ONLY CONTENT [[
if(EXISTS "@listing@")
  include("@listing@")
else()
  add_test(@target@.not_built @target@.not_built)
endif()
]])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${guard}")
endfunction()

# ghostnet_folder_libraries(<out> [EXCEPT <name>...]): the libraries of all folders.
function(ghostnet_folder_libraries out)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "EXCEPT")
  get_property(folders GLOBAL PROPERTY GHOSTNET_FOLDERS)
  set(targets "")
  foreach(name IN LISTS folders)
    if(TARGET ghostnet_${name} AND NOT name IN_LIST arg_EXCEPT)
      list(APPEND targets ghostnet_${name})
    endif()
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

# ghostnet_bench(<source>): the program <name>_bench out of <name>_bench.cpp, on Google Benchmark, with all folders (gui only
# for those called gui_*, so that the others need no Qt) and the rivals that it may measure beside them: Asio, ns-3 and lwIP.
# Who wants them says so (target benches): tests do not need them.
function(ghostnet_bench source)
  cmake_path(GET source STEM program)
  ghostnet_folder_libraries(libraries EXCEPT gui)
  if(program MATCHES "^gui_")
    if(NOT TARGET ghostnet_gui)
      return()
    endif()
    list(APPEND libraries ghostnet_gui)
  endif()
  foreach(rival lwip::lwip Boost::headers Threads::Threads NS3::core NS3::network NS3::internet NS3::point-to-point)
    if(TARGET ${rival})
      list(APPEND libraries ${rival})
    endif()
  endforeach()
  add_executable(${program} EXCLUDE_FROM_ALL "${source}")
  if(program MATCHES "^gui_")
    target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/gui")
  endif()
  target_link_libraries(${program} PRIVATE
    ${libraries} ghostnet_build_info benchmark::benchmark benchmark::benchmark_main)
  ghostnet_precompile(${program} ghostnet_pch)
  add_dependencies(benches ${program})
endfunction()
