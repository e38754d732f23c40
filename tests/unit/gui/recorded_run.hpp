// Databases for the tests of the visualizer, recorded through the store as a run records them.
#pragma once

#include <filesystem>
#include <string>

#include "ghostnet/results/store.hpp"

namespace ghostnet::gui {

// A directory that goes with the test.
struct TemporaryDirectory {
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::string file(const std::string& name) const { return (path / name).string(); }
  std::filesystem::path path;
};

// Records a run of `hosts` hosts, h0 to hN, by turns in the regions europe and na_east, with 10 s of a counter
// "requests" whose value at second t on host h is 10 t + h, one frame a second; "tcp" links h - h+1 from second 1, the
// first of them until second 5; a crash of h0 at second 3 and its restart at second 6; and a message from each host to
// the next at second 2 that takes 100 ms.
void record_run(results::Store& store, HostId hosts, bool finish = true);
void record_run(const std::string& path, HostId hosts);

}  // namespace ghostnet::gui
