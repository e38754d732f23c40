# Finds ns-3 by its headers and libraries, as Debian installs them or as its own build does, and defines NS3::<module>
# for each requested component. ns-3's own CMake package is not used: it asks for development packages (GSL, libxml2,
# Python) that nothing here includes, and renames its targets from release to release.
find_path(NS3_INCLUDE_DIR ns3/simulator.h PATH_SUFFIXES ns3.37 ns3.38 ns3.39 ns3.40)
mark_as_advanced(NS3_INCLUDE_DIR)

foreach(module IN LISTS NS3_FIND_COMPONENTS)
  find_library(NS3_${module}_LIBRARY NAMES ns3-${module} ns3.37-${module} ns3.37-${module}-default
    ns3.38-${module}-default ns3.39-${module}-default ns3.40-${module}-default)
  mark_as_advanced(NS3_${module}_LIBRARY)
  if(NS3_${module}_LIBRARY)
    set(NS3_${module}_FOUND TRUE)
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NS3 REQUIRED_VARS NS3_INCLUDE_DIR HANDLE_COMPONENTS
  REASON_FAILURE_MESSAGE "install libns3-dev, or configure with -DGHOSTNET_SIM=OFF to build without the simulated world")

if(NS3_FOUND)
  foreach(module IN LISTS NS3_FIND_COMPONENTS)
    if(NOT TARGET NS3::${module})
      add_library(NS3::${module} SHARED IMPORTED)
      set_target_properties(NS3::${module} PROPERTIES
        IMPORTED_LOCATION "${NS3_${module}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${NS3_INCLUDE_DIR}")
    endif()
  endforeach()
endif()
