# What a folder's CMakeLists.txt can say.
include(CMakePackageConfigHelpers)

# ghostnet_library(<name> [DEPENDS <folder or target>...] [PRIVATE <target>...])
#
# The library of the folder that calls it: its *.cpp, its include/ directory, and the libraries it stands on. DEPENDS are
# those that its headers show, PRIVATE those that only its sources use. A plain word is a folder of ours (link stands for
# ghostnet::link), a word with :: is a target of somebody else. A folder without sources yet is a library of headers.
function(ghostnet_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;PRIVATE")
  ghostnet_resolve_targets(public ${arg_DEPENDS})
  ghostnet_resolve_targets(private ${arg_PRIVATE})

  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  set(target ghostnet_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE ${private})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(ghostnet::${name} ALIAS ${target})
  target_compile_features(${target} ${scope} cxx_std_23)
  target_link_libraries(${target} ${scope} ${public})
  target_include_directories(${target} ${scope}
    "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
endfunction()

# ghostnet_resolve_targets(<out> <word>...): plain words become targets of ours.
function(ghostnet_resolve_targets out)
  set(targets "")
  foreach(word IN LISTS ARGN)
    if(word MATCHES "::")
      list(APPEND targets ${word})
    else()
      list(APPEND targets ghostnet::${word})
    endif()
  endforeach()
  set(${out} "${targets}" PARENT_SCOPE)
endfunction()
