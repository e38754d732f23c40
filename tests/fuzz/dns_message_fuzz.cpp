// Answers of DNS to a question for texts.
#include <cstdlib>

#include "ghostnet/dns/message.hpp"
#include "ghostnet/dns/text_resolver.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ghostnet;  // NOLINT
  const ByteView input(data, size);
  const auto answer = dns::parse_text_answer(input, 0xbeef, "a.bc");
  if (answer && answer->texts.size() > dns::kMaxTexts) std::abort();
  if (dns::servers_of(as_text(input)).size() > dns::ResolverOptions::kMaxServers) std::abort();
  const auto question = dns::encode_text_question(1, as_text(input));
  if (question && question->size() > 12 + dns::kMaxNameBytes + 4 + 11) std::abort();
  return 0;
}
