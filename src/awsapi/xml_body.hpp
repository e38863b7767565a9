// SPDX-License-Identifier: Apache-2.0
// Structs to and from XML elements: S3's bodies and the answers of the query services. Namespaces and prefixes of what is
// read do not matter; entities beyond XML's own five are never expanded and a DTD is skipped (pugixml has no support for them).
#pragma once

#include "awsapi/judge.hpp"
#include "awsapi/rows.hpp"

#include <pugixml.hpp>

#include <string>
#include <string_view>

namespace otabahn::awsapi {

// The document's root; an empty node when the text is no XML, and the judge knows why.
pugi::xml_node parse_xml(std::string_view text, pugi::xml_document& document, Judge& judge);
// The name without its prefix.
std::string_view local_name(const pugi::xml_node& node);
// The first child of that name, whatever its prefix.
pugi::xml_node child_of(const pugi::xml_node& parent, std::string_view name);
std::string text_of(const pugi::xml_node& node);

void decode_xml(const ShapeRow& structure, const pugi::xml_node& from, void* to, Judge& judge);

// The children of the struct's element, without that element. `lists_last` puts repeated elements after the others, as S3 does.
void append_xml(std::string& out, const ShapeRow& structure, const void* from, TimestampForm times, bool lists_last);
// Any value under an element of that name.
void append_xml_element(std::string& out, std::string_view name, const ShapeRow& shape, const void* from, TimestampForm times);
void append_xml_text(std::string& out, std::string_view text);

}  // namespace otabahn::awsapi
