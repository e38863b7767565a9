// SPDX-License-Identifier: Apache-2.0
// Structs to and from JSON objects, as rest-json and json-1.1 write them: timestamps are seconds, blobs are base64.
#pragma once

#include "awsapi/judge.hpp"
#include "awsapi/rows.hpp"

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace otabahn::awsapi {

// Always an object: an empty one for an empty text (clients send no body where no member is set), and for what is no JSON
// object or nests deeper than anything the models have; the judge knows of those.
boost::json::value parse_json_object(std::string_view text, Judge& judge);

// Fills the members that travel in the body.
void decode_json(const ShapeRow& structure, const boost::json::object& from, void* to, Judge& judge);
// One member's value, for members of other places that clients also put into the body.
void decode_json_value(const ShapeRow& shape, const boost::json::value& from, void* to, Judge& judge);

// {"member":…} of the members that travel in the body; absent ones are left out.
std::string encode_json(const ShapeRow& structure, const void* from);

void append_json_string(std::string& out, std::string_view text);

}  // namespace otabahn::awsapi
