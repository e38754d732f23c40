# The installed package: find_package(ghostnet COMPONENTS runtime realnet ...).
#
# Every installed library is a component of its own with an export file of its own, so that a consumer of the runtime
# is not asked for the Boost that the live world wants. The simulated world is a module of our programs, never a
# component: nothing that links an installed ghostnet links ns-3.
include(CMakePackageConfigHelpers)
set(GHOSTNET_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/ghostnet")

# ghostnet_install_library(<name>): installs what ghostnet_library(<name>) just described.
function(ghostnet_install_library name)
  install(TARGETS ghostnet_${name} EXPORT ghostnet-${name} COMPONENT ${name}
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT ${name}
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT ${name})
  install(EXPORT ghostnet-${name} NAMESPACE ghostnet:: DESTINATION "${GHOSTNET_PACKAGE_DIR}" COMPONENT ${name})
  set_property(GLOBAL APPEND PROPERTY GHOSTNET_COMPONENTS ${name})
endfunction()

# ghostnet_install_package(): the files of the package itself, after all folders were described.
function(ghostnet_install_package)
  get_property(components GLOBAL PROPERTY GHOSTNET_COMPONENTS)
  set(needs "")
  foreach(name IN LISTS components)
    get_property(folders GLOBAL PROPERTY GHOSTNET_DEPENDS_${name})
    get_property(packages GLOBAL PROPERTY GHOSTNET_PACKAGES_${name})
    string(APPEND needs "set(_ghostnet_folders_of_${name} ${folders})\nset(_ghostnet_packages_of_${name} ${packages})\n")
  endforeach()
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/ghostnetConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/ghostnetConfig.cmake" INSTALL_DESTINATION "${GHOSTNET_PACKAGE_DIR}")
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/ghostnetConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/cmake/find/" DESTINATION "${GHOSTNET_PACKAGE_DIR}/find"
    COMPONENT runtime FILES_MATCHING PATTERN "Find*.cmake" PATTERN "FindNS3.cmake" EXCLUDE)
  install(FILES "${PROJECT_BINARY_DIR}/ghostnetConfig.cmake" "${PROJECT_BINARY_DIR}/ghostnetConfigVersion.cmake"
    DESTINATION "${GHOSTNET_PACKAGE_DIR}" COMPONENT runtime)
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
endfunction()
