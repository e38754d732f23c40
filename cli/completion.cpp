#include "completion.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace ghostnet::cli {

namespace {

struct Choice {
  std::string name;  // "--mode"
  std::string help;
  bool takes_value = false;
  bool repeats = false;
  std::vector<std::string> values;  // where there are few
};

struct Command {
  std::string name;  // as it is typed, "results list"
  std::string help;
  std::vector<Choice> options;
  std::vector<Command> subcommands;
  std::vector<std::string> words;  // of a positional with few values
  bool takes_files = false;
};

// Of "{sim,live}", which is how a check for membership describes itself.
std::vector<std::string> values_in(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  std::vector<std::string> values;
  if (open == type.npos || close == type.npos) return values;
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t end = std::min(type.find(',', at), close);
    values.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return values;
}

Command command_of(const CLI::App& app, const std::string& before) {
  Command command;
  command.name = before + app.get_name();
  command.help = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    const std::vector<std::string> values = values_in(option->get_type_name());
    if (option->get_positional()) {
      if (values.empty()) {
        command.takes_files = true;
      } else {
        command.words = values;
      }
      continue;
    }
    const bool takes_value = option->get_items_expected_max() > 0;
    for (const std::string& name : option->get_lnames()) {
      command.options.push_back({.name = "--" + name,
                                 .help = option->get_description(),
                                 .takes_value = takes_value,
                                 .repeats = option->get_items_expected_max() > 1,
                                 .values = values});
    }
  }
  for (const CLI::App* inner : app.get_subcommands({})) {
    command.subcommands.push_back(command_of(*inner, command.name + " "));
  }
  return command;
}

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> commands;
  for (const CLI::App* inner : app.get_subcommands({})) commands.push_back(command_of(*inner, ""));
  return commands;
}

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> names;
  for (const Choice& option : command.options) names.push_back(option.name);
  return names;
}

std::string last_word(const std::string& name) { return name.substr(name.rfind(' ') + 1); }

// What may stand in the place of a subcommand or of a positional with few values.
std::vector<std::string> words_of(const Command& command) {
  std::vector<std::string> words;
  for (const Command& inner : command.subcommands) words.push_back(last_word(inner.name));
  words.insert(words.end(), command.words.begin(), command.words.end());
  return words;
}

// The commands and theirs.
std::vector<Command> with_subcommands(const std::vector<Command>& commands) {
  std::vector<Command> all;
  for (const Command& command : commands) {
    all.push_back(command);
    all.insert(all.end(), command.subcommands.begin(), command.subcommands.end());
  }
  return all;
}

// Within single quotes of a shell.
std::string shell_quoted(std::string_view text) {
  std::string escaped = "'";
  for (const char c : text) {
    if (c == '\'') {
      escaped += "'\\''";
    } else {
      escaped += c == '\n' ? ' ' : c;
    }
  }
  return escaped + "'";
}

std::string bash(const std::vector<Command>& top) {
  const std::vector<Command> commands = with_subcommands(top);
  std::vector<std::string> names, paths;
  for (const Command& command : top) names.push_back(command.name);
  for (const Command& command : commands) paths.push_back(shell_quoted(command.name));
  std::string script = fmt::format(R"(# bash completion of ghostnet; made by `ghostnet completion bash`
_ghostnet() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command='' i words='' files=''
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "${{command:+$command }}${{COMP_WORDS[i]}}" in {}) command+=${{command:+ }}${{COMP_WORDS[i]}} ;; esac
  done
  case "$command $previous" in
)",
                                   fmt::join(paths, " | "));
  for (const Command& command : commands) {
    for (const Choice& option : command.options) {
      if (!option.takes_value) continue;
      const std::string offer = option.values.empty()
                                    ? "COMPREPLY=($(compgen -f -- \"$word\")); compopt -o filenames"
                                    : fmt::format("COMPREPLY=($(compgen -W {} -- \"$word\"))",
                                                  shell_quoted(fmt::format("{}", fmt::join(option.values, " "))));
      script += fmt::format("    '{} {}') {}; return ;;\n", command.name, option.name, offer);
    }
  }
  script += "  esac\n  case $command in\n";
  script +=
      fmt::format("    '') words={} ;;\n", shell_quoted(fmt::format("{} --help --version", fmt::join(names, " "))));
  for (const Command& command : commands) {
    std::vector<std::string> words = option_names(command);
    const std::vector<std::string> further = words_of(command);
    words.insert(words.end(), further.begin(), further.end());
    script +=
        fmt::format("    {}) words={}{} ;;\n", shell_quoted(command.name),
                    shell_quoted(fmt::format("{}", fmt::join(words, " "))), command.takes_files ? " files=yes" : "");
  }
  script += R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ ! $files || $word == -* ]] || { COMPREPLY+=($(compgen -f -- "$word")); compopt -o filenames; }
}
complete -F _ghostnet ghostnet ./ghostnet
)";
  return script;
}

// Colons and brackets mean something to _arguments.
std::string zsh_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// The options and words of one command.
std::string zsh_arguments(const Command& command, std::string_view indent) {
  std::string script = fmt::format("{}_arguments", indent);
  const auto add = [&](const std::string& spec) { script += fmt::format(" \\\n{}  {}", indent, spec); };
  for (const Choice& option : command.options) {
    const std::string value = !option.takes_value     ? ""
                              : option.values.empty() ? ":value:_files"
                                                      : fmt::format(":value:({})", fmt::join(option.values, " "));
    add(shell_quoted(fmt::format("{}{}{}[{}]{}", option.repeats ? "*" : "", option.name, option.takes_value ? "=" : "",
                                 zsh_text(option.help), value)));
  }
  if (!command.words.empty()) add(shell_quoted(fmt::format("1:what:({})", fmt::join(command.words, " "))));
  if (command.takes_files) add("'*:file:_files'");
  return script + "\n";
}

// Offers the commands where one is to stand, else completes for that which stands there.
std::string zsh_choice(const std::vector<Command>& commands, std::string_view indent) {
  std::string script = fmt::format("{}if ((CURRENT == 2)); then\n{}  local -a commands=(\n", indent, indent);
  for (const Command& command : commands) {
    const std::string entry = fmt::format("{}:{}", last_word(command.name), zsh_text(command.help));
    script += fmt::format("{}    {}\n", indent, shell_quoted(entry));
  }
  script += fmt::format("{0}  )\n{0}  _describe command commands\n{0}  return\n{0}fi\n", indent);
  script += fmt::format("{0}shift words\n{0}((CURRENT--))\n{0}case $words[1] in\n", indent);
  const std::string inner = fmt::format("{}    ", indent);
  for (const Command& command : commands) {
    script += fmt::format("{}  {})\n", indent, last_word(command.name));
    script += command.subcommands.empty() ? zsh_arguments(command, inner) : zsh_choice(command.subcommands, inner);
    script += fmt::format("{};;\n", inner);
  }
  return script + fmt::format("{}esac\n", indent);
}

std::string zsh(const std::vector<Command>& commands) {
  return fmt::format(
      "#compdef ghostnet\n# zsh completion of ghostnet; made by `ghostnet completion zsh`\n_ghostnet() {{\n{}}}\n"
      "_ghostnet \"$@\"\n",
      zsh_choice(commands, "  "));
}

// `seen`: the condition under which this command is being completed.
std::string fish_options(const Command& command, const std::string& seen) {
  std::string script;
  if (command.takes_files) script += fmt::format("complete -c ghostnet -n {} -F\n", seen);
  if (!command.words.empty()) {
    script += fmt::format("complete -c ghostnet -n {} -a {}\n", seen,
                          shell_quoted(fmt::format("{}", fmt::join(command.words, " "))));
  }
  for (const Choice& option : command.options) {
    const std::string value =
        !option.takes_value ? ""
        : option.values.empty()
            ? " -r -F"
            : fmt::format(" -x -a {}", shell_quoted(fmt::format("{}", fmt::join(option.values, " "))));
    script += fmt::format("complete -c ghostnet -n {} -l {} -d {}{}\n", seen, option.name.substr(2),
                          shell_quoted(option.help), value);
  }
  return script;
}

std::string fish(const std::vector<Command>& commands) {
  std::string script = "# fish completion of ghostnet; made by `ghostnet completion fish`\ncomplete -c ghostnet -f\n";
  for (const Command& command : commands) {
    script += fmt::format("complete -c ghostnet -n __fish_use_subcommand -a {} -d {}\n", command.name,
                          shell_quoted(command.help));
    const std::string seen = fmt::format("__fish_seen_subcommand_from {}", command.name);
    script += fish_options(command, shell_quoted(seen));
    std::vector<std::string> names;
    for (const Command& inner : command.subcommands) names.push_back(last_word(inner.name));
    for (const Command& inner : command.subcommands) {
      const std::string open = fmt::format("{}; and not __fish_seen_subcommand_from {}", seen, fmt::join(names, " "));
      script += fmt::format("complete -c ghostnet -n {} -a {} -d {}\n", shell_quoted(open), last_word(inner.name),
                            shell_quoted(inner.help));
      script += fish_options(
          inner, shell_quoted(fmt::format("{}; and __fish_seen_subcommand_from {}", seen, last_word(inner.name))));
    }
  }
  return script;
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  const std::vector<Command> commands = commands_of(app);
  return shell == "bash" ? bash(commands) : shell == "zsh" ? zsh(commands) : fish(commands);
}

}  // namespace ghostnet::cli
