// SPDX-License-Identifier: Apache-2.0
// Single values as text: in paths, queries, headers, forms and XML; and points in time in each of their written forms.
#pragma once

#include "awsapi/rows.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::awsapi {

constexpr bool is_scalar(Kind kind) { return kind != Kind::structure && kind != Kind::list && kind != Kind::map; }

// Writes the text into a value of the shape's C++ type; false: the text is none of that kind. Blobs are base64.
bool assign_text(const ShapeRow& shape, std::string_view text, void* value);
// `form` is used for timestamps whose shape does not say another.
std::string to_text(const ShapeRow& shape, const void* value, TimestampForm form);

// Reads any of the three forms, whichever it is; the years 0 to 9999.
std::optional<Timestamp> parse_timestamp(std::string_view text);
std::optional<Timestamp> timestamp_from_seconds(double seconds);
std::string format_timestamp(Timestamp time, TimestampForm form);
inline TimestampForm form_of(const ShapeRow& shape, TimestampForm by_place) {
    return shape.timestamp == TimestampForm::by_place ? by_place : shape.timestamp;
}

}  // namespace otabahn::awsapi
