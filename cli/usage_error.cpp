#include "usage_error.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "ghostnet/runtime/suggest.hpp"

namespace ghostnet::cli {

namespace {

// The command that the words before the mistake led to.
const CLI::App& innermost(const CLI::App& app) {
  std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

std::string suggestion_of(std::string_view word, const std::vector<std::string>& names) {
  std::vector<std::string_view> views(names.begin(), names.end());
  return suggestion(word, views);
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string describe(const CLI::App& app, const CLI::ParseError& error, const std::string& word) {
  const CLI::App& command = innermost(app);
  std::vector<std::string> unexpected = app.remaining(true);
  std::string mistake = unexpected.empty() ? "" : unexpected.front();
  // A wrong command is reported as one that is missing.
  if (mistake.empty() && &command == &app) mistake = word;
  if (mistake.starts_with("-") && dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    std::string name = mistake.substr(0, mistake.find('='));
    return fmt::format("{}: there is no such option{}", name, suggestion_of(name, options_of(command)));
  }
  std::vector<std::string> commands = commands_of(command);
  if (!mistake.empty() && !commands.empty()) {
    if (mistake == "test" && &command == &app) return "test is a command of the source tree: `./ghostnet test` there";
    return fmt::format("there is no command '{}'{}", mistake, suggestion_of(mistake, commands));
  }
  if (!mistake.empty()) return fmt::format("'{}' is one word too many", mistake);
  return error.what();
}

// "ghostnet results show", as it is typed.
std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : path_of(*parent) + " " + command.get_name();
}

}  // namespace

std::string explain_usage_error(const CLI::App& app, const CLI::ParseError& error, const std::string& word) {
  return fmt::format("{}\n`{} --help` tells more.", describe(app, error, word), path_of(innermost(app)));
}

}  // namespace ghostnet::cli
