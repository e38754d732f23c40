// The scenario editor: colours, validation at the line, and what a run prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "editor/run_process.hpp"
#include "editor/scenario_checker.hpp"
#include "editor/scenario_edit.hpp"
#include "editor/yaml_tokens.hpp"
#include "ghostnet/services/services.hpp"

namespace ghostnet::gui::editor_test {
namespace {

using Kind = YamlToken::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

// "key:network number:50 Mbit/s": what each token is, and its text.
std::vector<std::string> told(const QString& line) {
  std::vector<std::string> words;
  for (const YamlToken& token : yaml_tokens(line)) {
    const char* names[] = {"key", "number", "text", "punctuation", "comment"};
    words.push_back(std::string(names[static_cast<int>(token.kind)]) + ":" +
                    line.mid(token.from, token.length).toStdString());
  }
  return words;
}

TEST(YamlTokens, TellsKeysFromValues) {
  EXPECT_THAT(told("  bandwidth: 50 Mbit/s  # each"),
              ElementsAre("key:bandwidth", "punctuation::", "number:50 Mbit/s", "comment:# each"));
  EXPECT_THAT(told("name: gossip-mesh"), ElementsAre("key:name", "punctuation::", "text:gossip-mesh"));
}

TEST(YamlTokens, ReadsFlowsAndLists) {
  EXPECT_THAT(told("- { at: 20 s, for: -1 s }"),
              ElementsAre("punctuation:-", "punctuation:{", "key:at", "punctuation::", "number:20 s", "punctuation:,",
                          "key:for", "punctuation::", "number:-1 s", "punctuation:}"));
  EXPECT_THAT(told("topics: [news]"),
              ElementsAre("key:topics", "punctuation::", "punctuation:[", "text:news", "punctuation:]"));
}

TEST(YamlTokens, LeavesColonsAndHashesWithinWordsAlone) {
  EXPECT_THAT(told("addr: 10.0.0.1:80#x"), ElementsAre("key:addr", "punctuation::", "number:10.0.0.1:80#x"));
  EXPECT_THAT(told("text: 'a: b # c'"), ElementsAre("key:text", "punctuation::", "text:'a: b # c'"));
  EXPECT_THAT(told("text: 'open"), ElementsAre("key:text", "punctuation::", "text:'open"));
}

CheckedScenario checked(const std::string& text) {
  ServiceRegistry registry;
  EXPECT_TRUE(services::add_all(registry));
  return check_scenario(text, "", registry);
}

TEST(ScenarioChecker, SaysWhatAScenarioComesTo) {
  const CheckedScenario scenario = checked(
      "name: x\nduration: 3 s\ngroups: { servers: { count: 5 }, clients: { count: 7 } }\nprotocols:\n  echo:\n"
      "sweep: { network.loss: [0 %, 1 %] }\nrepeat: 3\n");
  ASSERT_TRUE(scenario.ok()) << scenario.diagnostics.at(0).to_string();
  EXPECT_EQ(scenario.summary.name, "x");
  EXPECT_EQ(scenario.summary.hosts, 12);
  EXPECT_EQ(scenario.summary.runs, 6);
  EXPECT_DOUBLE_EQ(scenario.summary.duration_s, 3);
}

TEST(ScenarioChecker, PointsAtTheLine) {
  const CheckedScenario scenario = checked("name: x\nprotocols:\n  echo:\nnetwork:\n  hosts: many\n");
  ASSERT_EQ(scenario.diagnostics.size(), 1);
  EXPECT_EQ(scenario.diagnostics[0].at.line, 5);
  EXPECT_EQ(scenario.diagnostics[0].at.column, 10);
  EXPECT_THAT(scenario.diagnostics[0].key, HasSubstr("hosts"));
}

TEST(ScenarioEdit, UnderlinesMistakesOfItsOwnFile) {
  ScenarioEdit edit;
  edit.setPlainText("name: x\nnetwork:\n  hosts: many\n");
  edit.set_diagnostics({{.file = "", .at = {.line = 3, .column = 10}, .message = "expected a number"},
                        {.file = "base.yaml", .at = {.line = 1, .column = 1}, .message = "elsewhere"}},
                       "");
  EXPECT_EQ(edit.diagnostics().size(), 1);
  ASSERT_EQ(edit.extraSelections().size(), 1);
  EXPECT_EQ(edit.extraSelections().at(0).cursor.selectedText(), "many");
  edit.go_to(3, 10);
  EXPECT_EQ(edit.textCursor().blockNumber(), 2);
  EXPECT_EQ(edit.textCursor().positionInBlock(), 9);
}

TEST(RunProcess, ReadsProgressFromWhatARunPrints) {
  EXPECT_THAT(progress_in("32.0 of 64.0 s, 5.8x real time, 4.6e+04 events/s, 5 s left"), Optional(0.5));
  EXPECT_THAT(progress_in("3 of 15 runs, 2 under way"), Optional(0.2));
  EXPECT_EQ(progress_in("gossip-mesh: 300 hosts, sim fabric"), std::nullopt);
  EXPECT_EQ(progress_in("1 of 0.0 s, "), std::nullopt);
}

}  // namespace
}  // namespace ghostnet::gui::editor_test
