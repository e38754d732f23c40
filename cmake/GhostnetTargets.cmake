# What a folder's CMakeLists.txt can say: ghostnet_library, ghostnet_module, ghostnet_program.
#
# In all of them a plain word names a folder of ours (link stands for ghostnet::link) and a word with :: a target of
# somebody else. Global properties collect what was said, for the install (GhostnetPackage.cmake) and for the test that
# keeps the floors (tests/house/): GHOSTNET_FOLDERS, a list of names, and for each <name> GHOSTNET_PATH_<name>,
# GHOSTNET_DEPENDS_<name> (folders) and GHOSTNET_PACKAGES_<name> (CMake packages of other people's targets).

# ghostnet_library(<name> [INTERNAL] [COLD] [DEPENDS <word>...] [PRIVATE <word>...] [SEES <folder>...]
#                  [ROOMS <directory>...] [PRECOMPILED <target>])
#
# The library of the calling folder: its *.cpp and those of its ROOMS, its include/ directory, and what it stands on. DEPENDS are the libraries
# that its headers show, PRIVATE those that only its sources use; of the folders it SEES it reads the headers and links
# nothing, as for a module that it loads. Without sources it is a library of headers. It is installed as a component of
# the package, unless it is INTERNAL to our programs. COLD code and PRECOMPILED headers: cmake/GhostnetCompiler.cmake.
function(ghostnet_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INTERNAL;COLD" "PRECOMPILED" "DEPENDS;PRIVATE;SEES;ROOMS")
  ghostnet_register(${name} ${arg_DEPENDS} ${arg_PRIVATE} ${arg_SEES})
  ghostnet_targets_of(public ${arg_DEPENDS})
  ghostnet_targets_of(private ${arg_PRIVATE})

  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  foreach(room IN LISTS arg_ROOMS)
    file(GLOB room_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${room}/*.cpp")
    list(APPEND sources ${room_sources})
  endforeach()
  set(target ghostnet_${name})
  if(sources)
    set(scope PUBLIC)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PRIVATE ${private})
    ghostnet_compile(${target} "${arg_COLD}" ${arg_PRECOMPILED})
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  add_library(ghostnet::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} ${scope} cxx_std_23)
  target_link_libraries(${target} ${scope} ${public})
  foreach(folder IN LISTS arg_SEES)
    target_include_directories(${target} ${scope} "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/${folder}/include>")
  endforeach()

  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp")
  if(headers)
    target_sources(${target} ${scope}
      FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}/include" FILES ${headers})
  endif()
  if(NOT arg_INTERNAL)
    ghostnet_install_library(${name})
  endif()
endfunction()

# ghostnet_module(<name> [DEPENDS <word>...])
#
# A module that a program of ours loads at run time: module/*.cpp of the calling folder and what they stand on, in
# <prefix>/<libdir>/ghostnet/ghostnet_<name>.so. State that the module shares with its program (there is little: the
# pools of the runtime) is the program's, since a ghostnet_program exports it; functions are the module's own.
function(ghostnet_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/module/*.cpp")
  if(NOT sources)
    return()
  endif()
  ghostnet_targets_of(libraries ${arg_DEPENDS})
  set(target ghostnet_${name}_module)
  add_library(${target} MODULE ${sources})
  target_link_libraries(${target} PRIVATE ${libraries})
  target_link_options(${target} PRIVATE -Wl,-Bsymbolic-functions)
  ghostnet_precompile(${target} ghostnet_pch)
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ghostnet_${name} LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${GHOSTNET_MODULE_DIR}")
  add_dependencies(program ${target})
  install(TARGETS ${target} LIBRARY DESTINATION "${GHOSTNET_MODULE_DIR}" COMPONENT ${name})
endfunction()

# ghostnet_program(<name> [COLD] [DEPENDS <word>...])
#
# A program out of the *.cpp of the calling folder, able to load modules: it holds the whole runtime and exports it.
# Target `program` builds all programs and modules.
add_custom_target(program)
add_custom_target(benches)  # the programs, and what tests/bench/ adds
add_dependencies(benches program)
function(ghostnet_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "COLD" "" "DEPENDS")
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
  ghostnet_register(${folder} ${arg_DEPENDS})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(NOT sources)
    return()
  endif()
  ghostnet_targets_of(libraries ${arg_DEPENDS})
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/include")
  target_link_libraries(${name} PRIVATE
    ${libraries} ghostnet_runtime ghostnet_build_info ${CMAKE_DL_LIBS})
  # Beside the ordinary link: the feature WHOLE_ARCHIVE does not bear a library that others bring too.
  target_link_options(${name} PRIVATE
    "LINKER:--push-state,--whole-archive,$<TARGET_FILE:ghostnet_runtime>,--pop-state")
  ghostnet_compile(${name} "${arg_COLD}")
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)
  add_dependencies(program ${name})
  install(TARGETS ${name} RUNTIME COMPONENT program)
endfunction()

# ghostnet_compile(<target> <cold> [<precompiled>]): with what its folder said about being compiled.
function(ghostnet_compile target cold)
  set(precompiled ghostnet_pch)
  if(cold)
    target_compile_options(${target} PRIVATE ${GHOSTNET_COLD_OPTIONS})
    set(precompiled ghostnet_cold_pch)
  endif()
  if(ARGN)
    set(precompiled ${ARGN})
  endif()
  ghostnet_precompile(${target} ${precompiled})
endfunction()

# ghostnet_targets_of(<out> <word>...): the targets that the words stand for.
function(ghostnet_targets_of out)
  list(TRANSFORM ARGN PREPEND ghostnet:: REGEX "^[^:]+$")
  set(${out} ${ARGN} PARENT_SCOPE)
endfunction()

# ghostnet_register(<name> <word>...): notes the calling folder and what it stands on. What tests share is no floor.
function(ghostnet_register name)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE path)
  if(path MATCHES "^tests/")
    return()
  endif()
  set(folders ${ARGN})
  set(packages ${ARGN})
  list(FILTER folders EXCLUDE REGEX "::")
  list(FILTER packages INCLUDE REGEX "::")
  list(TRANSFORM packages REPLACE "::.*" "")
  set_property(GLOBAL APPEND PROPERTY GHOSTNET_FOLDERS ${name})
  set_property(GLOBAL PROPERTY GHOSTNET_PATH_${name} "${path}")
  set_property(GLOBAL PROPERTY GHOSTNET_DEPENDS_${name} "${folders}")
  set_property(GLOBAL PROPERTY GHOSTNET_PACKAGES_${name} "${packages}")
endfunction()

# The headers that most files read.
ghostnet_precompiled(ghostnet_pch)
ghostnet_precompiled(ghostnet_cold_pch OPTIONS ${GHOSTNET_COLD_OPTIONS})
