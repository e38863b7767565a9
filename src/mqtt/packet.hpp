// SPDX-License-Identifier: Apache-2.0
// The packets of MQTT 3.1.1 and 5 as views into bytes that somebody else keeps. QoS 2's packets and AUTH are recognised by
// their frame alone: AWS IoT Core does not speak them.
#pragma once

#include "base/bytes.hpp"
#include "mqtt/property.hpp"
#include "mqtt/reason.hpp"

#include <optional>
#include <string_view>

namespace otabahn::mqtt {

struct Will {
    std::string_view topic;
    ByteView payload;
    std::uint8_t qos = 0;
    bool retain = false;
    Properties properties;
};

struct Connect {
    Version version = Version::v3_1_1;
    bool clean_start = true;
    std::uint16_t keep_alive = 0;
    Properties properties;
    std::string_view client_id;
    std::optional<Will> will;
    std::optional<std::string_view> user_name;
    std::optional<ByteView> password;
};

struct Connack {
    bool session_present = false;
    std::uint8_t code = 0;  // ReasonCode in MQTT 5, return code in 3.1.1
    Properties properties;
};

struct Publish {
    bool dup = false;
    std::uint8_t qos = 0;
    bool retain = false;
    std::string_view topic;  // empty: topic alias only
    std::uint16_t packet_id = 0;
    Properties properties;
    ByteView payload;
};

// PUBACK; of the same form as PUBREC, PUBREL and PUBCOMP.
struct Puback {
    std::uint16_t packet_id = 0;
    ReasonCode code = ReasonCode::success;
    Properties properties;
};

struct SubscribeEntry {
    std::string_view filter;
    std::uint8_t qos = 0;
    bool no_local = false;
    bool retain_as_published = false;
    std::uint8_t retain_handling = 0;
};

// The filters' form is not judged here: a bad one is answered in its place of the SUBACK.
class Subscribe {
  public:
    std::uint16_t packet_id = 0;
    Properties properties;
    Version version = Version::v3_1_1;
    ByteView entries;  // encoded, checked

    std::size_t count() const;
    template <class F>
    void for_each(F visit) const {
        Reader reader(entries);
        while (!reader.at_end() && !reader.failed()) visit(read_entry(reader));
    }
    static SubscribeEntry read_entry(Reader& reader);
};

class Unsubscribe {
  public:
    std::uint16_t packet_id = 0;
    Properties properties;
    ByteView entries;

    std::size_t count() const;
    template <class F>
    void for_each(F visit) const {
        Reader reader(entries);
        while (!reader.at_end() && !reader.failed()) visit(reader.text());
    }
};

struct Suback {
    std::uint16_t packet_id = 0;
    Properties properties;
    ByteView codes;
};

struct Unsuback {
    std::uint16_t packet_id = 0;
    Properties properties;
    ByteView codes;  // none in 3.1.1
};

struct Disconnect {
    ReasonCode code = ReasonCode::success;
    Properties properties;
};

}  // namespace otabahn::mqtt
