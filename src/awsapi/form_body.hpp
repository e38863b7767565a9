// SPDX-License-Identifier: Apache-2.0
// The query protocol's form: Action=CreateRole&RoleName=r&Tags.member.1.Key=k. Lists are dotted numbers in any order, maps
// are entries of key and value. Answers are XML (xml_body.hpp).
#pragma once

#include "awsapi/judge.hpp"
#include "awsapi/request.hpp"
#include "awsapi/rows.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::awsapi {

using FormFields = std::map<std::string, std::string, std::less<>>;

// A POST's body, else the query. Of a name that stands twice the first counts.
FormFields parse_form(const Request& request);
// One field, without the others.
std::optional<std::string> form_field(const Request& request, std::string_view name);

void decode_form(const ShapeRow& structure, const FormFields& from, void* to, Judge& judge);

// Appends "&Name=value" for each member that is there.
void append_form(std::string& out, const ShapeRow& structure, const void* from);

}  // namespace otabahn::awsapi
