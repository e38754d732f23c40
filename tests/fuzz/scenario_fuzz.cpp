// Any bytes as a scenario, with the files that it names: a scenario or a page of diagnostics, in bounded time. Lines of
// "%%" cut the input into files, of which the first is the scenario; the others are 1.yaml, 2.csv, 3.gml by turns.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "ghostnet/scenarios/graph_file.hpp"
#include "ghostnet/scenarios/latency_table.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/services/services.hpp"

namespace {

using namespace ghostnet;

const ServiceRegistry& registry() {
  static const ServiceRegistry* const kRegistry = [] {
    auto* made = new ServiceRegistry;  // lives as long as the process
    if (!services::add_all(*made)) std::abort();
    return made;
  }();
  return *kRegistry;
}

std::vector<std::string_view> files_of(std::string_view text) {
  constexpr std::string_view kCut = "\n%%\n";
  std::vector<std::string_view> files;
  for (std::size_t at = text.find(kCut); at != text.npos; at = text.find(kCut)) {
    files.push_back(text.substr(0, at + 1));
    text.remove_prefix(at + kCut.size());
  }
  files.push_back(text);
  return files;
}

void load(const std::vector<std::string_view>& files) {
  const scenarios::ReadFile read = [&files](const std::string& path, std::size_t) -> Result<std::string> {
    const std::size_t number = path.empty() ? 0 : static_cast<std::size_t>(path[0] - '0');
    if (number >= files.size() || number > 9) return fail(Errc::not_found, "{}: there is no such file", path);
    return std::string(files[number]);
  };
  const scenarios::LoadResult loaded = scenarios::load_scenario(files[0], "0.yaml", registry(), {}, read);
  if (loaded) {
    // What was found sound can be built.
    if (loaded->host_count() < 100'000) (void)loaded->world();
    if (loaded->sweep.size() < 100) (void)loaded->sweep.points();
    return;
  }
  if (loaded.error().empty() || loaded.error().size() > 20) std::abort();
  for (const scenarios::Diagnostic& wrong : loaded.error()) {
    if (wrong.message.empty() || wrong.to_string().size() > 2000) std::abort();
  }
}

void write_out_and_read(std::string_view text) {
  const auto tree = scenarios::parse_document(text, "fuzz");
  if (!tree) return;
  const std::string once = scenarios::to_yaml(*tree);
  const auto again = scenarios::parse_document(once, "fuzz");
  if (!again || scenarios::to_yaml(*again) != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> files = files_of(text);
  load(files);
  write_out_and_read(text);
  (void)scenarios::ExpectationRule::parse(text.substr(0, 200));
  (void)scenarios::read_latency_table(text, 16);
  (void)scenarios::read_gml_graph(text, 16, 16, 64);
  return 0;
}
