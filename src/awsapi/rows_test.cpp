// SPDX-License-Identifier: Apache-2.0
// Every row of every model is walked: what a client sends arrives, what a server answers arrives, whatever the operation.
#include "awsapi/codec.hpp"
#include "awsapi/pattern.hpp"
#include "awsapi/rows.hpp"
#include "awsapi/text_values.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>

namespace otabahn::awsapi {
namespace {

using Value = std::unique_ptr<void, void (*)(void*)>;
Value make(const ShapeRow& shape) { return {shape.structure->create(), shape.structure->destroy}; }

// A text that the shape's pattern and length take; empty when none of the candidates does.
std::string fitting_text(const ShapeRow& shape) {
    if (!shape.words.empty()) return std::string(shape.words.front());
    constexpr std::array candidates = {
        "a ü b<&>\"'", "abcDEF_x",     "ABC_DEF",    "0123456789", "1.0",
        "123456",      "123456789012", "/",          "/path/",     "arn:aws:acm:us-east-1:123456789012:certificate/e20e0e41",
        "arn:x",       "v1",           "bucket/key", "a-b"};
    for (std::string text : candidates) {
        while (shape.has_min && static_cast<double>(count_code_points(text)) < shape.min) text.push_back(text.back());
        const bool short_enough = !shape.has_max || static_cast<double>(count_code_points(text)) <= shape.max;
        if (short_enough && (!shape.pattern || matches(*shape.pattern, text))) return text;
    }
    ADD_FAILURE() << shape.name << " takes none of the candidates";
    return {};
}

void fill(const ShapeRow& shape, void* value) {
    const double number = shape.has_min ? shape.min : shape.has_max && shape.max < 7 ? shape.max : 7;
    const auto entries = static_cast<std::size_t>(shape.has_min && shape.min > 1 ? shape.min : 1);
    switch (shape.kind) {
        case Kind::string:
            *static_cast<std::string*>(value) = fitting_text(shape);
            return;
        case Kind::blob:
            *static_cast<std::string*>(value) = std::string(shape.has_min && shape.min > 3 ? 64 : 3, '\xFE');
            return;
        case Kind::integer:
            *static_cast<std::int32_t*>(value) = static_cast<std::int32_t>(number);
            return;
        case Kind::long_integer:
            *static_cast<std::int64_t*>(value) = static_cast<std::int64_t>(number);
            return;
        case Kind::decimal:
            *static_cast<double*>(value) = number;
            return;
        case Kind::boolean:
            *static_cast<bool*>(value) = true;
            return;
        case Kind::timestamp:
            *static_cast<Timestamp*>(value) = from_millis(1751112000000);
            return;
        case Kind::structure:
            for (const MemberRow& member : shape.members) fill(*member.shape, member.emplace(value));
            return;
        case Kind::list:
            for (std::size_t i = 0; i < entries; ++i) fill(*shape.element, shape.list->append(value));
            return;
        case Kind::map:
            std::string key = fitting_text(*shape.key);
            if (shape.name == "Metadata") key = "colour";  // travels as a header's name
            fill(*shape.element, shape.map->insert(value, key));
            return;
    }
}

std::string dump(const ShapeRow& shape, const void* value) {
    std::string out;
    switch (shape.kind) {
        case Kind::structure:
            for (const MemberRow& member : shape.members)
                if (const void* const found = member.find(value)) out += std::string(member.name) + "=" + dump(*member.shape, found) + "\n";
            return "{" + out + "}";
        case Kind::list:
            for (std::size_t i = 0; i < shape.list->size(value); ++i) out += dump(*shape.element, shape.list->at(value, i)) + ",";
            return "[" + out + "]";
        case Kind::map: {
            std::pair<std::string*, const ShapeRow*> context{&out, shape.element};
            shape.map->for_each(value, &context, [](void* opaque, const std::string& key, const void* entry) {
                auto& [text, element] = *static_cast<std::pair<std::string*, const ShapeRow*>*>(opaque);
                *text += key + ":" + dump(*element, entry) + ",";
            });
            return "<" + out + ">";
        }
        default:
            return to_text(shape, value, TimestampForm::iso8601);
    }
}

template <class F>
void for_each_in_scope(F visit) {
    for (const ServiceRow* const service : services())
        for (const OperationRow& operation : service->operations)
            if (operation.in_scope) {
                SCOPED_TRACE(std::string(service->name) + " " + std::string(operation.name));
                visit(operation);
            }
}

TEST(Rows, EveryInputThatAClientEncodesIsRoutedDecodedAndAcceptedByTheServer) {
    int inputs = 0;
    for_each_in_scope([&](const OperationRow& operation) {
        if (!operation.input) return;
        ++inputs;
        const Value sent = make(*operation.input), received = make(*operation.input);
        fill(*operation.input, sent.get());
        const Request request = encode_request(operation, sent.get());
        const auto route = find_route(*operation.service, request);
        ASSERT_TRUE(route) << route.error().message;
        ASSERT_EQ(route->operation->name, operation.name);
        const auto decoded = decode_input(*route, request, received.get());
        EXPECT_TRUE(decoded) << decoded.error().code << ": " << decoded.error().message;
        EXPECT_EQ(dump(*operation.input, received.get()), dump(*operation.input, sent.get()));
    });
    EXPECT_GT(inputs, 240);
}

TEST(Rows, EveryOutputThatTheServerEncodesIsDecodedByTheClient) {
    int outputs = 0;
    for_each_in_scope([&](const OperationRow& operation) {
        if (!operation.output) return;
        ++outputs;
        const Value sent = make(*operation.output), received = make(*operation.output);
        fill(*operation.output, sent.get());
        const Response response = encode_output(operation, sent.get(), "id");
        const auto decoded = decode_output(operation, response, received.get());
        EXPECT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(dump(*operation.output, received.get()), dump(*operation.output, sent.get()));
    });
    EXPECT_GT(outputs, 190);
}

TEST(Rows, AnInputWithNothingInItIsRefusedWhereverTheModelRequiresAMemberOfTheBody) {
    int refused = 0;
    for_each_in_scope([&](const OperationRow& operation) {
        if (!operation.input || operation.input->streaming_payload) return;
        bool body = false;
        for (const MemberRow& member : operation.input->members) body = body || (member.required && member.location == Location::body);
        if (!body) return;
        ++refused;
        const Value received = make(*operation.input);
        Request request;
        request.method = "POST";
        const auto decoded = decode_input(Route{&operation, {}}, request, received.get());
        ASSERT_FALSE(decoded);
        EXPECT_EQ(decoded.error().status, 400);
    });
    EXPECT_GT(refused, 60);
}

TEST(Rows, NoTwoInScopeOperationsOfAServiceShareARouteWithoutAMemberThatTellsThemApart) {
    for_each_in_scope([&](const OperationRow& operation) {
        for (const OperationRow& other : operation.service->operations) {
            if (&other == &operation || !other.in_scope || other.method != operation.method || other.path != operation.path) continue;
            if (operation.service->family == Family::query || operation.service->family == Family::json_1_1) continue;
            const auto marks = [](const OperationRow& row) {
                std::set<std::string> out;
                for (const auto& [name, value] : row.markers) out.insert(std::string(name) + "=" + std::string(value));
                for (const auto name : row.required_query) out.emplace(name);
                for (const auto name : row.required_headers) out.emplace(name);
                return out;
            };
            EXPECT_NE(marks(operation), marks(other)) << other.name;
        }
    });
}

TEST(Rows, OperationsOutsideTheScopeAreNamedAsWell) {
    EXPECT_EQ(find_service("iot")->operations.size(), 272U);
    const OperationRow* const outside = find_service("iot")->find_operation("CreateBillingGroup");
    ASSERT_NE(outside, nullptr);
    EXPECT_FALSE(outside->in_scope);
}

TEST(Rows, WhatNoModelNamesIsNotFound) {
    EXPECT_EQ(find_service("ec2"), nullptr);
    EXPECT_EQ(find_service("iot")->find_operation("CreateThings"), nullptr);
    EXPECT_THROW(require_row("iot", "CreateThings"), std::logic_error);
    EXPECT_THROW(require_row("ec2", "CreateThing"), std::logic_error);
}

TEST(Rows, ErrorsCarryTheModelsStatusAndMembers) {
    const ServiceRow& iot = *find_service("iot");
    EXPECT_EQ(iot.find_error("LimitExceededException")->status, 410);
    EXPECT_EQ(iot.find_error("ThrottlingException")->status, 400);
    EXPECT_EQ(iot.find_error("CertificateStateException")->status, 406);
    const ErrorRow& exists = *iot.find_error("ResourceAlreadyExistsException");
    EXPECT_EQ(exists.status, 409);
    ASSERT_EQ(exists.fields.size(), 2U);
    EXPECT_EQ(exists.fields[0], "resourceId");
    // IAM's wire word is not the shape's name.
    EXPECT_EQ(find_service("iam")->find_error("NoSuchEntity")->name, "NoSuchEntityException");
    EXPECT_EQ(find_service("iam")->find_error("NoSuchEntityException"), nullptr);
}

}  // namespace
}  // namespace otabahn::awsapi
