#include "gateway/source_address.h"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

std::string source(const std::vector<std::string>& trusted, std::string_view peer,
                   const std::vector<std::string_view>& forwarded = {}) {
  const auto proxies = TrustedProxies::parse(trusted);
  EXPECT_TRUE(proxies);
  http::Request request;
  request.peer = peer;
  for (const auto value : forwarded) request.fields.push_back({"x-forwarded-for", value});
  request.fields.push_back({"forwarded", "for=198.51.100.99"});
  request.fields.push_back({"x-real-ip", "198.51.100.99"});
  return proxies->source_of(request).str();
}

TEST(SourceAddress, S23_is_the_peer_as_long_as_nobody_is_trusted) {
  EXPECT_EQ(source({}, "192.0.2.1", {"198.51.100.7"}), "192.0.2.1");
  EXPECT_EQ(source({"10.0.0.0/8"}, "192.0.2.1", {"198.51.100.7"}), "192.0.2.1");
}

TEST(SourceAddress, S23_is_the_right_most_untrusted_hop_behind_a_trusted_proxy) {
  const std::vector<std::string> trusted{"10.0.0.0/8", "2001:db8:ffff::/48"};
  EXPECT_EQ(source(trusted, "10.1.2.3", {"203.0.113.9, 198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(source(trusted, "10.1.2.3", {"203.0.113.9, 198.51.100.7, 10.9.9.9"}), "198.51.100.7");
  EXPECT_EQ(source(trusted, "10.1.2.3", {"203.0.113.9", "198.51.100.7, 10.9.9.9"}), "198.51.100.7") << "two lines";
  EXPECT_EQ(source(trusted, "2001:db8:ffff::1", {"198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(source(trusted, "10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(source(trusted, "10.1.2.3", {"10.4.4.4,10.5.5.5"}), "10.4.4.4") << "all trusted: the first of them";
}

TEST(SourceAddress, S23_belief_ends_at_what_cannot_be_read) {
  const std::vector<std::string> trusted{"10.0.0.0/8"};
  for (const auto* value : {"unknown", "198.51.100.7, _hidden", "198.51.100.7:443", "[2001:db8::1]", "198.51.100.7, ", ", ,"})
    EXPECT_EQ(source(trusted, "10.1.2.3", {value}), "10.1.2.3") << value;
  EXPECT_EQ(source(trusted, "10.1.2.3", {"junk, 198.51.100.7"}), "198.51.100.7");
}

TEST(SourceAddress, S23_groups_ipv6_by_64_and_reads_mapped_ipv4) {
  EXPECT_EQ(source({}, "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(source({}, "2001:db8:1:2::99"), "2001:db8:1:2::/64");
  EXPECT_EQ(source({}, "::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(source({"192.0.2.0/24"}, "::ffff:192.0.2.1", {"198.51.100.7"}), "198.51.100.7");
}

TEST(SourceAddress, S23_a_network_is_what_one_customer_may_have) {
  EXPECT_EQ(network_of("2001:db8:1:2::/64").view(), "2001:db8:1::/48");
  EXPECT_EQ(network_of("192.0.2.1").view(), "192.0.2.1");
  EXPECT_EQ(network_of("unix").view(), "unix");
}

TEST(SourceAddress, S23_whoever_speaks_over_a_unix_socket_is_a_proxy) {
  EXPECT_EQ(source({}, "unix", {"203.0.113.9, 198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(source({"10.0.0.0/8"}, "unix", {"198.51.100.7, 10.9.9.9"}), "198.51.100.7");
  EXPECT_EQ(source({}, "unix", {"2001:db8:1:2::99"}), "2001:db8:1:2::/64");
  EXPECT_EQ(source({}, "unix", {"198.51.100.7, unix:"}), "unix");
  EXPECT_EQ(source({}, "unix"), "unix");
}

TEST(TrustedProxies, S108_blocks_that_are_none_or_that_trust_everybody_are_refused) {
  for (const auto* text : {"", "10.0.0.0/0", "::/0", "10.0.0.0/33", "2001:db8::/129", "10.0.0.0/", "10.0.0.0/8 ", "localhost",
                           "10.0.0.0/-1", "0.0.0.0/0"}) {
    const std::vector<std::string> texts{text};
    EXPECT_FALSE(TrustedProxies::parse(texts)) << text;
  }
}

TEST(TrustedProxies, S69_a_connection_counts_against_its_network_unless_it_is_a_proxys) {
  const std::vector<std::string> texts{"10.0.0.0/8"};
  const auto proxies = TrustedProxies::parse(texts).value();
  EXPECT_EQ(proxies.connection_source_of("2001:db8:1:2::7").view(), "2001:db8:1:2::/64");
  EXPECT_EQ(proxies.connection_source_of("192.0.2.7").view(), "192.0.2.7");
  EXPECT_EQ(proxies.connection_source_of("10.1.2.3").view(), "");
  EXPECT_EQ(proxies.connection_source_of("unix").view(), "");
}

TEST(TrustedProxies, a_block_is_compared_bit_by_bit) {
  const std::vector<std::string> texts{"192.0.2.128/25", "203.0.113.5"};
  const auto proxies = TrustedProxies::parse(texts).value();
  EXPECT_TRUE(proxies.contains(*parse_address("192.0.2.128")));
  EXPECT_TRUE(proxies.contains(*parse_address("192.0.2.255")));
  EXPECT_FALSE(proxies.contains(*parse_address("192.0.2.127")));
  EXPECT_TRUE(proxies.contains(*parse_address("203.0.113.5")));
  EXPECT_FALSE(proxies.contains(*parse_address("203.0.113.4")));
}

}  // namespace
}  // namespace gatehouse::gateway
