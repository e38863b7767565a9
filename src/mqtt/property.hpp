// SPDX-License-Identifier: Apache-2.0
// MQTT 5's properties (2.2.2): one table says id, type and packets; a view over checked bytes answers questions; a builder
// writes them into a caller's buffer. Both directions carry properties as their encoded bytes, so forwarding is a copy.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "mqtt/cursor.hpp"
#include "mqtt/decode_error.hpp"
#include "mqtt/reason.hpp"

#include <optional>
#include <string_view>

namespace otabahn::mqtt {

enum class PropertyId : std::uint8_t {
    payload_format_indicator = 0x01,
    message_expiry_interval = 0x02,
    content_type = 0x03,
    response_topic = 0x08,
    correlation_data = 0x09,
    subscription_identifier = 0x0b,
    session_expiry_interval = 0x11,
    assigned_client_identifier = 0x12,
    server_keep_alive = 0x13,
    authentication_method = 0x15,
    authentication_data = 0x16,
    request_problem_information = 0x17,
    will_delay_interval = 0x18,
    request_response_information = 0x19,
    response_information = 0x1a,
    server_reference = 0x1c,
    reason_string = 0x1f,
    receive_maximum = 0x21,
    topic_alias_maximum = 0x22,
    topic_alias = 0x23,
    maximum_qos = 0x24,
    retain_available = 0x25,
    user_property = 0x26,
    maximum_packet_size = 0x27,
    wildcard_subscription_available = 0x28,
    subscription_identifier_available = 0x29,
    shared_subscription_available = 0x2a,
};

enum class PropertyType : std::uint8_t { byte, two_bytes, four_bytes, variable, text, binary, text_pair };

// A will's properties stand apart from those of the CONNECT that carries it.
constexpr std::uint16_t will_properties = 1;
constexpr std::uint16_t packet_bit(PacketType type) { return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type)); }

struct PropertyRow {
    PropertyId id;
    PropertyType type;
    std::uint16_t packets;
    bool repeats = false;
    std::uint32_t least = 0, most = 0xffffffff;  // of a number
};

const PropertyRow* find_property(std::uint32_t id);
std::span<const PropertyRow> property_rows();

struct Property {
    PropertyId id{};
    std::uint32_t number = 0;
    std::string_view text;   // text, or the name of a pair
    std::string_view value;  // of a pair
    ByteView binary;
    ByteView encoded;  // identifier and value, as they stand in the packet
};

// Properties without their length prefix, checked by `parse`.
class Properties {
  public:
    Properties() = default;
    // `where`: packet_bit of the packet, or will_properties.
    static Result<Properties, DecodeError> parse(ByteView encoded, std::uint16_t where);

    ByteView encoded() const { return encoded_; }
    bool empty() const { return encoded_.empty(); }
    std::optional<std::uint32_t> number(PropertyId id) const;
    std::optional<std::string_view> text(PropertyId id) const;
    std::optional<ByteView> binary(PropertyId id) const;
    bool has(PropertyId id) const;
    // Bytes of names and values of all user properties (AWS limits their sum).
    std::size_t user_property_bytes() const;

    template <class F>
    void for_each(F visit) const {
        Reader reader(encoded_);
        Property property;
        while (!reader.at_end() && next(reader, property)) visit(property);
    }

  private:
    static bool next(Reader& reader, Property& out);
    bool find(PropertyId id, Property& out) const;
    ByteView encoded_;
};

// What does not fit is left out and `overflow` says so.
class PropertyBuilder {
  public:
    explicit PropertyBuilder(std::span<std::uint8_t> buffer) : buffer_(buffer) {}

    PropertyBuilder& number(PropertyId id, std::uint32_t value);
    PropertyBuilder& text(PropertyId id, std::string_view value);
    PropertyBuilder& binary(PropertyId id, ByteView value);
    PropertyBuilder& user(std::string_view name, std::string_view value);
    PropertyBuilder& copy(const Property& property);

    bool overflow() const { return overflow_; }
    ByteView encoded() const { return {buffer_.data(), used_}; }

  private:
    void take(const Writer& writer);
    std::span<std::uint8_t> buffer_;
    std::size_t used_ = 0;
    bool overflow_ = false;
};

}  // namespace otabahn::mqtt
