// SPDX-License-Identifier: Apache-2.0
// Judges a request's values by the model while a walker decodes them, and says what is wrong in AWS's words:
// "1 validation error detected: Value 'v' at 'member' failed to satisfy constraint: Member must have length …".
#pragma once

#include "awsapi/rows.hpp"
#include "awsapi/service_error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otabahn::awsapi {

class Judge {
  public:
    // A client that reads answers takes them as they are: lenient.
    enum class Mode { strict, lenient };
    explicit Judge(const ServiceRow& service, Mode mode = Mode::strict) : service_(service), mode_(mode) {}

    // The walker names where it stands while it descends: a member, then entries by their number.
    class Place {
      public:
        Place(Judge& judge, const MemberRow& member);
        Place(Judge& judge, std::size_t entry);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

      private:
        Judge& judge_;
    };

    // A decoded value: scalars, lists of scalars, the number of entries, the keys of maps. Structures are the walker's.
    void value(const ShapeRow& shape, const void* value);
    // The required member of the place where the walker stands is not there.
    void missing_here();
    // Text that is none of the shape's kind: a word where a number is due.
    void unreadable(const ShapeRow& shape, std::string_view text);
    // The body is no JSON, no XML, no form, or a value of it has the wrong JSON type. Ends it all: told alone.
    void malformed(std::string why);

    bool satisfied() const { return violations_.empty() && malformed_.empty(); }
    bool lenient() const { return mode_ == Mode::lenient; }
    ServiceError refusal() const;  // of what was found; asked only when something was

  private:
    struct Step {
        const MemberRow* member;  // null: an entry
        std::size_t entry;
    };
    struct Violation {
        std::string value;  // with its quotes; "null", or empty where it is a secret
        std::string place;
        std::string constraint;
        const MemberRow* member;  // the outermost
        bool absent = false;
        bool unreadable = false;
    };

    void add(const ShapeRow& shape, std::string_view shown, std::string constraint);
    std::string place() const;
    std::string sentence() const;
    ServiceError s3_refusal() const;

    const ServiceRow& service_;
    Mode mode_;
    std::vector<Step> path_;
    std::vector<Violation> violations_;
    std::string malformed_;
};

}  // namespace otabahn::awsapi
