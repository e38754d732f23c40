# Script: writes the source behind ghostnet/build_info.hpp to OUTPUT.
set(revision unknown)
if(GIT)
  execute_process(COMMAND "${GIT}" -C "${TREE}" rev-parse --short=12 HEAD
    OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(head)
    set(revision "${head}")
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
#include "ghostnet/build_info.hpp"

namespace ghostnet::build_info {

std::string_view version() { return "@VERSION@"; }
std::string_view revision() { return "@revision@"; }
std::string_view module_dir() { return "@MODULE_DIR@"; }

}  // namespace ghostnet::build_info
]])
