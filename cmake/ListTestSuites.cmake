# Script: asks a GoogleTest PROGRAM for its suites and writes LISTING, a file for ctest with one entry for each.
# An entry counts as skipped when every case of its suite skipped itself.
execute_process(COMMAND "${PROGRAM}" --gtest_list_tests OUTPUT_VARIABLE output RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests failed: ${status}")
endif()
string(REGEX MATCHALL "(^|\n)[^ \n]+\\." suites "${output}")
set(text "")
# What talks to programs of others waits for them by the clock, and wants the machine for itself.
set(serial "")
if(LABELS MATCHES "interop")
  set(serial " RUN_SERIAL TRUE")
endif()
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "\n|\\.$" "" suite "${suite}")
  set(test "[==[${PREFIX}.${suite}]==]")
  string(APPEND text
    "add_test(${test} [==[${PROGRAM}]==] [==[--gtest_filter=${suite}.*]==] --gtest_brief=1)\n"
    "set_tests_properties(${test} PROPERTIES LABELS [==[${LABELS}]==] TIMEOUT 300${serial}\n"
    "  SKIP_REGULAR_EXPRESSION [==[\\[  PASSED  \\] 0 tests]==])\n")
endforeach()
file(WRITE "${LISTING}" "${text}")
