// SPDX-License-Identifier: Apache-2.0
// One engine for IoT policies (device) and IAM policies (operator, roles, trust): parse, compile, evaluate. Pure: text and
// facts in, a decision out that says what decided it. Sources: spec gateway 2, spec control-plane 5.4.
#pragma once

#include "base/error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::policy {

enum class Dialect { iot, iam_identity, iam_trust };

class Document;  // parsed and compiled; immutable, shared between threads

// A refusal says where in the document (Statement[0].Resource[1]) and what was expected there. invalid_json: no JSON;
// invalid_request: no policy; limit_exceeded: an IoT document of more than 2048 characters, white space not counted. The
// limits of IAM's documents depend on where they are attached: whoever stores them counts by characters_of().
Result<std::shared_ptr<const Document>> parse(std::string_view json, Dialect dialect);

// As AWS counts: characters, not bytes, and no white space.
std::size_t characters_of(std::string_view document);
constexpr std::size_t iot_document_limit = 2048;

struct NamedDocument {
    std::string name;  // policy name or ARN, as a decision reports it
    std::shared_ptr<const Document> document;
};

// What is asked. `values` answers a condition key or policy variable (name as written, matched without case), nothing where
// it is unknown; several values for multi-valued keys.
//
// Rules of spec gateway 2.5 that are kept here, not by whoever answers: a certificate value with one of * $ + ? # is never
// substituted; for iot:Subscribe neither is a client id or thing name with + or #; values are text, never patterns.
struct Question {
    std::string_view action;    // iot:Publish, s3:GetObject
    std::string_view resource;  // whole ARN; not looked at by trust policies
    std::function<std::optional<std::vector<std::string>>(std::string_view key)> values;
    // Optional, for callers who ask once a message: a key's one value without a copy. Asked before `values` where a variable
    // is substituted; the view outlives the evaluation.
    std::function<std::optional<std::string_view>(std::string_view key)> single;
    std::string_view principal_service;  // trust policies: iot.amazonaws.com
    std::string_view principal_arn;      // trust policies: an AWS principal's ARN
    bool explain = true;                 // false: a refusal comes without its nearest miss, for whoever asks once a delivery
};

enum class Verdict { allowed, denied_explicitly, denied_implicitly };

struct Decision {
    Verdict verdict = Verdict::denied_implicitly;
    std::string policy;  // what decided: name; empty when nothing matched
    int statement = -1;  // index in that policy, from 0
    // For a refusal: the statement that came nearest and what it lacked, one sentence that helps ("policy 'p' statement 0
    // allows iot:Subscribe, but on topic/a/*; a subscription is judged as topicfilter/a/*").
    std::string nearest_miss;
    bool allowed() const { return verdict == Verdict::allowed; }
};

// Explicit deny wins; otherwise any allow. The nearest miss is only worked out for refusals.
Decision evaluate(const std::vector<NamedDocument>& documents, const Question& question);

// One line for logs and reason strings: "denied iot:Publish on arn:… by …: …".
std::string describe(const Decision& decision, const Question& question);

}  // namespace otabahn::policy
