// What a receiver says of segments that come early or twice: the examples of RFC 2018 and RFC 2883, number by number.
#include <gtest/gtest.h>

#include "script.hpp"

namespace ghostnet::tcp::sack_test {
namespace {

// Segments come in at numbers of the RFC's; the acknowledgment that they call forth is "ack 5000 5500-6000".
class Receiver : public Script {
 public:
  explicit Receiver(std::uint32_t first, const Tuning& tuning = plain()) : Script(tuning), first_(first) {
    establish();
  }

  std::string hears(std::uint32_t left, std::uint32_t right) {
    in(kAck, left - first_ + 1, 1, std::string(right - left, 'x'));
    std::vector<OutSegment> sent = drain();
    if (sent.empty()) after(tuning.delayed_ack), sent = drain();
    EXPECT_EQ(sent.size(), 1u);
    if (sent.empty()) return "";
    const SegmentHeader& h = sent[0].header;
    std::string text = fmt::format("ack {}", named(h.acknowledgment));
    for (std::size_t i = 0; i < h.sack_count; ++i) {
      text += fmt::format(" {}-{}", named(h.sacks[i].left), named(h.sacks[i].right));
    }
    return text;
  }

 private:
  std::uint32_t named(SeqNumber number) const { return number.value() - kTheirs - 1 + first_; }

  std::uint32_t first_;
};

// ---- RFC 2018 5 ----

// Eight segments of 500 bytes, from 5000 on.
TEST(TcpSack, TheFirstOfEightIsLost) {  // RFC 2018 5, case 2
  Receiver receiver(5000);
  for (std::uint32_t left = 5500; left < 9000; left += 500) {
    EXPECT_EQ(receiver.hears(left, left + 500), fmt::format("ack 5000 5500-{}", left + 500));
  }
}

TEST(TcpSack, EverySecondOfEightIsLost) {  // RFC 2018 5, case 3
  Receiver receiver(5000);
  EXPECT_EQ(receiver.hears(5000, 5500), "ack 5500");
  EXPECT_EQ(receiver.hears(6000, 6500), "ack 5500 6000-6500");
  EXPECT_EQ(receiver.hears(7000, 7500), "ack 5500 7000-7500 6000-6500");
  EXPECT_EQ(receiver.hears(8000, 8500), "ack 5500 8000-8500 7000-7500 6000-6500");
  EXPECT_EQ(receiver.hears(6500, 7000), "ack 5500 6000-7500 8000-8500") << "the fourth comes late";
  EXPECT_EQ(receiver.hears(5500, 6000), "ack 7500 8000-8500") << "and the second";
}

TEST(TcpSack, IsNotSaidToAPeerThatDidNotPermitIt) {  // RFC 2018 2
  Tuning tuning = Script::plain();
  tuning.sack = false;
  Receiver receiver(5000, tuning);
  EXPECT_EQ(receiver.hears(5500, 6000), "ack 5000");
}

TEST(TcpSack, IsSaidAgainUntilItIsAcknowledged) {  // RFC 2018 4: at least three times, against lost acknowledgments
  Receiver receiver(5000);
  (void)receiver.hears(5500, 6000);
  (void)receiver.hears(6500, 7000);
  (void)receiver.hears(7500, 8000);
  EXPECT_EQ(receiver.hears(8500, 9000), "ack 5000 8500-9000 7500-8000 6500-7000 5500-6000");
}

// ---- RFC 2883 4 ----

TEST(TcpDsack, ADuplicateWhoseAcknowledgmentsWereLost) {  // RFC 2883 4.1.1
  Receiver receiver(3000);
  EXPECT_EQ(receiver.hears(3000, 3500), "ack 3500");
  EXPECT_EQ(receiver.hears(3500, 4000), "ack 4000");
  EXPECT_EQ(receiver.hears(3000, 3500), "ack 4000 3000-3500");
}

TEST(TcpDsack, ADuplicateBesideAGap) {  // RFC 2883 4.1.2
  Receiver receiver(3000);
  EXPECT_EQ(receiver.hears(3000, 3500), "ack 3500");
  EXPECT_EQ(receiver.hears(3500, 4000), "ack 4000");
  EXPECT_EQ(receiver.hears(4500, 5000), "ack 4000 4500-5000");
  EXPECT_EQ(receiver.hears(3000, 3500), "ack 4000 3000-3500 4500-5000");
}

TEST(TcpDsack, ADuplicateOfWhatIsEarly) {  // RFC 2883 4.1.3
  Receiver receiver(3500);
  EXPECT_EQ(receiver.hears(3500, 4000), "ack 4000");
  EXPECT_EQ(receiver.hears(4500, 5000), "ack 4000 4500-5000");
  EXPECT_EQ(receiver.hears(5000, 5500), "ack 4000 4500-5500");
  EXPECT_EQ(receiver.hears(5000, 5500), "ack 4000 5000-5500 4500-5500");
}

TEST(TcpDsack, ALongRepetitionOfWhichAPartWasEarly) {  // RFC 2883 4.2.1
  Receiver receiver(500);
  EXPECT_EQ(receiver.hears(500, 1000), "ack 1000");
  EXPECT_EQ(receiver.hears(1500, 2000), "ack 1000 1500-2000");
  EXPECT_EQ(receiver.hears(2000, 2500), "ack 1000 1500-2500");
  EXPECT_EQ(receiver.hears(1000, 2000), "ack 2500 1500-2000");
}

TEST(TcpDsack, ALongRepetitionThatBeginsBelowTheAcknowledgment) {  // RFC 2883 4.2.2
  Receiver receiver(500);
  EXPECT_EQ(receiver.hears(500, 1000), "ack 1000");
  EXPECT_EQ(receiver.hears(1000, 1500), "ack 1500");
  EXPECT_EQ(receiver.hears(2000, 2500), "ack 1500 2000-2500");
  EXPECT_EQ(receiver.hears(1000, 2000), "ack 2500 1000-1500");
}

TEST(TcpDsack, IsSaidOnce) {  // RFC 2883 4 (1)
  Receiver receiver(3000);
  (void)receiver.hears(3000, 3500);
  EXPECT_EQ(receiver.hears(3000, 3500), "ack 3500 3000-3500");
  EXPECT_EQ(receiver.hears(3500, 4000), "ack 4000");
}

// What the sender makes of it: a duplicate is no news of what has arrived (RFC 2883 5).
TEST(TcpDsack, AcknowledgesNothing) {
  Script script;
  script.establish();
  (void)script.write(5000);
  script.now += 10ms;
  SegmentHeader h = script.header(kAck, 1, 1001);
  h.sack_count = 2;
  h.sacks[0] = {SeqNumber(Script::kOurs) + 2001, SeqNumber(Script::kOurs) + 3001};  // within the second: a duplicate
  h.sacks[1] = {SeqNumber(Script::kOurs) + 2001, SeqNumber(Script::kOurs) + 4001};
  script.in(h);
  EXPECT_EQ(script.connection.in_flight_bytes(), 2000u);
  h.sack_count = 1;
  h.sacks[0] = {SeqNumber(Script::kOurs) + 1, SeqNumber(Script::kOurs) + 1001};
  script.in(h);
  EXPECT_EQ(script.connection.in_flight_bytes(), 2000u);
}

}  // namespace
}  // namespace ghostnet::tcp::sack_test
